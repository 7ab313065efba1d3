; FNV-1a of the code: 6fa7e7b0eb36d99e
vbroadcastss zmm6, dword ptr [rip+0x39A]  ; 0xFFFF0000
mov r10, [rdi+0x08]
mov rdx, [rdi+0x10]
mov rsi, [rdi+0x38]
mov r8, [rdi+0x40]
mov rax, [rdi+0x68]
lea r9, [r8+r8*2]
mov rcx, [rdi+0x20]
mov r11, [rdi+0x48]
test rcx, rcx
jnz +0x23
vxorps zmm0, zmm0, zmm0
vxorps zmm1, zmm1, zmm1
vxorps zmm2, zmm2, zmm2
vxorps zmm3, zmm3, zmm3
jmp +0x22
vmovups zmm0, zmmword ptr [rcx]
vmovups zmm1, zmmword ptr [rcx+0x40]
add rcx, r11
vmovups zmm2, zmmword ptr [rcx]
vmovups zmm3, zmmword ptr [rcx+0x40]
mov r11, [rdi]
mov rcx, rax
shr rcx, 0x02
jz +0x1CC
nop [rax], eax
vpslld zmm4, zmmword ptr [r10], 0x10
vpslld zmm5, zmmword ptr [r10+0x40], 0x10
vbroadcastss zmm7, dword ptr [r11]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+rsi*1]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vandps zmm4, zmm6, [r10]
vandps zmm5, zmm6, [r10+0x40]
vbroadcastss zmm7, dword ptr [r11+0x04]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+rsi*1+0x04]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vpslld zmm4, zmmword ptr [r10+r8*1], 0x10
vpslld zmm5, zmmword ptr [r10+r8*1+0x40], 0x10
vbroadcastss zmm7, dword ptr [r11+0x08]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+rsi*1+0x08]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vandps zmm4, zmm6, [r10+r8*1]
vandps zmm5, zmm6, [r10+r8*1+0x40]
vbroadcastss zmm7, dword ptr [r11+0x0C]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+rsi*1+0x0C]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vpslld zmm4, zmmword ptr [r10+r8*2], 0x10
vpslld zmm5, zmmword ptr [r10+r8*2+0x40], 0x10
vbroadcastss zmm7, dword ptr [r11+0x10]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+rsi*1+0x10]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vandps zmm4, zmm6, [r10+r8*2]
vandps zmm5, zmm6, [r10+r8*2+0x40]
vbroadcastss zmm7, dword ptr [r11+0x14]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+rsi*1+0x14]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vpslld zmm4, zmmword ptr [r10+r9*1], 0x10
vpslld zmm5, zmmword ptr [r10+r9*1+0x40], 0x10
vbroadcastss zmm7, dword ptr [r11+0x18]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+rsi*1+0x18]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vandps zmm4, zmm6, [r10+r9*1]
vandps zmm5, zmm6, [r10+r9*1+0x40]
vbroadcastss zmm7, dword ptr [r11+0x1C]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+rsi*1+0x1C]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
lea r10, [r10+r8*4]
add r11, 0x20
dec rcx
jnz -0x1BD
and rax, 0x03
jz +0x7E
vpslld zmm4, zmmword ptr [r10], 0x10
vpslld zmm5, zmmword ptr [r10+0x40], 0x10
vbroadcastss zmm7, dword ptr [r11]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+rsi*1]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vandps zmm4, zmm6, [r10]
vandps zmm5, zmm6, [r10+0x40]
vbroadcastss zmm7, dword ptr [r11+0x04]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+rsi*1+0x04]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
add r10, r8
add r11, 0x08
dec rax
jnz -0x72
mov rcx, [rdi+0x18]
test rcx, rcx
jz +0x2B
vmovups zmm4, zmmword ptr [rcx]
vaddps zmm0, zmm0, zmm4
vaddps zmm2, zmm2, zmm4
vmovups zmm4, zmmword ptr [rcx+0x40]
vaddps zmm1, zmm1, zmm4
vaddps zmm3, zmm3, zmm4
mov rdx, [rdi+0x28]
mov rsi, [rdi+0x50]
mov r8, [rdi+0x30]
mov r9, [rdi+0x58]
vbroadcastss zmm4, dword ptr [rip+0x8F]  ; 0x00000000
vmaxps zmm0, zmm4, zmm0
vmovups zmm4, zmmword ptr [r8]
vaddps zmm0, zmm0, zmm4
vmovups zmmword ptr [rdx], zmm0
vbroadcastss zmm4, dword ptr [rip+0x6D]  ; 0x00000000
vmaxps zmm1, zmm4, zmm1
vmovups zmm4, zmmword ptr [r8+0x40]
vaddps zmm1, zmm1, zmm4
vmovups zmmword ptr [rdx+0x40], zmm1
add rdx, rsi
add r8, r9
vbroadcastss zmm4, dword ptr [rip+0x43]  ; 0x00000000
vmaxps zmm2, zmm4, zmm2
vmovups zmm4, zmmword ptr [r8]
vaddps zmm2, zmm2, zmm4
vmovups zmmword ptr [rdx], zmm2
vbroadcastss zmm4, dword ptr [rip+0x21]  ; 0x00000000
vmaxps zmm3, zmm4, zmm3
vmovups zmm4, zmmword ptr [r8+0x40]
vaddps zmm3, zmm3, zmm4
vmovups zmmword ptr [rdx+0x40], zmm3
vzeroupper
ret
