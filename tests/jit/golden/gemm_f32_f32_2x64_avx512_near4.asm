; FNV-1a of the code: 62f7b64a8af977ad
mov r10, [rdi+0x08]
mov rdx, [rdi+0x10]
mov rsi, [rdi+0x38]
mov r8, [rdi+0x40]
mov rax, [rdi+0x68]
lea r9, [r8+r8*2]
mov rcx, [rdi+0x20]
mov r11, [rdi+0x48]
test rcx, rcx
jnz +0x3B
vxorps zmm0, zmm0, zmm0
vxorps zmm1, zmm1, zmm1
vxorps zmm2, zmm2, zmm2
vxorps zmm3, zmm3, zmm3
vxorps zmm4, zmm4, zmm4
vxorps zmm5, zmm5, zmm5
vxorps zmm6, zmm6, zmm6
vxorps zmm7, zmm7, zmm7
jmp +0x3E
vmovups zmm0, zmmword ptr [rcx]
vmovups zmm1, zmmword ptr [rcx+0x40]
vmovups zmm2, zmmword ptr [rcx+0x80]
vmovups zmm3, zmmword ptr [rcx+0xC0]
add rcx, r11
vmovups zmm4, zmmword ptr [rcx]
vmovups zmm5, zmmword ptr [rcx+0x40]
vmovups zmm6, zmmword ptr [rcx+0x80]
vmovups zmm7, zmmword ptr [rcx+0xC0]
mov r11, [rdi]
mov rcx, rax
shr rcx, 0x02
jz +0x212
nop [rax+rax*1], ax
nop [rax+rax*1], ax
nop [rax], eax
prefetcht0 [rdx]
prefetcht0 [rdx+0x40]
prefetcht0 [rdx+0x80]
prefetcht0 [rdx+0xC0]
vmovups zmm8, zmmword ptr [r10]
vmovups zmm9, zmmword ptr [r10+0x40]
vmovups zmm10, zmmword ptr [r10+0x80]
vmovups zmm11, zmmword ptr [r10+0xC0]
vbroadcastss zmm12, dword ptr [r11]
vfmadd231ps zmm0, zmm12, zmm8
vfmadd231ps zmm1, zmm12, zmm9
vfmadd231ps zmm2, zmm12, zmm10
vfmadd231ps zmm3, zmm12, zmm11
vbroadcastss zmm13, dword ptr [r11+rsi*1]
vfmadd231ps zmm4, zmm13, zmm8
vfmadd231ps zmm5, zmm13, zmm9
vfmadd231ps zmm6, zmm13, zmm10
vfmadd231ps zmm7, zmm13, zmm11
prefetcht0 [rdx+r8*1]
prefetcht0 [rdx+r8*1+0x40]
prefetcht0 [rdx+r8*1+0x80]
prefetcht0 [rdx+r8*1+0xC0]
vmovups zmm8, zmmword ptr [r10+r8*1]
vmovups zmm9, zmmword ptr [r10+r8*1+0x40]
vmovups zmm10, zmmword ptr [r10+r8*1+0x80]
vmovups zmm11, zmmword ptr [r10+r8*1+0xC0]
vbroadcastss zmm12, dword ptr [r11+0x04]
vfmadd231ps zmm0, zmm12, zmm8
vfmadd231ps zmm1, zmm12, zmm9
vfmadd231ps zmm2, zmm12, zmm10
vfmadd231ps zmm3, zmm12, zmm11
vbroadcastss zmm13, dword ptr [r11+rsi*1+0x04]
vfmadd231ps zmm4, zmm13, zmm8
vfmadd231ps zmm5, zmm13, zmm9
vfmadd231ps zmm6, zmm13, zmm10
vfmadd231ps zmm7, zmm13, zmm11
prefetcht0 [rdx+r8*2]
prefetcht0 [rdx+r8*2+0x40]
prefetcht0 [rdx+r8*2+0x80]
prefetcht0 [rdx+r8*2+0xC0]
vmovups zmm8, zmmword ptr [r10+r8*2]
vmovups zmm9, zmmword ptr [r10+r8*2+0x40]
vmovups zmm10, zmmword ptr [r10+r8*2+0x80]
vmovups zmm11, zmmword ptr [r10+r8*2+0xC0]
vbroadcastss zmm12, dword ptr [r11+0x08]
vfmadd231ps zmm0, zmm12, zmm8
vfmadd231ps zmm1, zmm12, zmm9
vfmadd231ps zmm2, zmm12, zmm10
vfmadd231ps zmm3, zmm12, zmm11
vbroadcastss zmm13, dword ptr [r11+rsi*1+0x08]
vfmadd231ps zmm4, zmm13, zmm8
vfmadd231ps zmm5, zmm13, zmm9
vfmadd231ps zmm6, zmm13, zmm10
vfmadd231ps zmm7, zmm13, zmm11
prefetcht0 [rdx+r9*1]
prefetcht0 [rdx+r9*1+0x40]
prefetcht0 [rdx+r9*1+0x80]
prefetcht0 [rdx+r9*1+0xC0]
vmovups zmm8, zmmword ptr [r10+r9*1]
vmovups zmm9, zmmword ptr [r10+r9*1+0x40]
vmovups zmm10, zmmword ptr [r10+r9*1+0x80]
vmovups zmm11, zmmword ptr [r10+r9*1+0xC0]
vbroadcastss zmm12, dword ptr [r11+0x0C]
vfmadd231ps zmm0, zmm12, zmm8
vfmadd231ps zmm1, zmm12, zmm9
vfmadd231ps zmm2, zmm12, zmm10
vfmadd231ps zmm3, zmm12, zmm11
vbroadcastss zmm13, dword ptr [r11+rsi*1+0x0C]
vfmadd231ps zmm4, zmm13, zmm8
vfmadd231ps zmm5, zmm13, zmm9
vfmadd231ps zmm6, zmm13, zmm10
vfmadd231ps zmm7, zmm13, zmm11
lea r10, [r10+r8*4]
lea rdx, [rdx+r8*4]
add r11, 0x10
dec rcx
jnz -0x1ED
and rax, 0x03
jz +0x86
prefetcht0 [rdx]
prefetcht0 [rdx+0x40]
prefetcht0 [rdx+0x80]
prefetcht0 [rdx+0xC0]
vmovups zmm8, zmmword ptr [r10]
vmovups zmm9, zmmword ptr [r10+0x40]
vmovups zmm10, zmmword ptr [r10+0x80]
vmovups zmm11, zmmword ptr [r10+0xC0]
vbroadcastss zmm12, dword ptr [r11]
vfmadd231ps zmm0, zmm12, zmm8
vfmadd231ps zmm1, zmm12, zmm9
vfmadd231ps zmm2, zmm12, zmm10
vfmadd231ps zmm3, zmm12, zmm11
vbroadcastss zmm13, dword ptr [r11+rsi*1]
vfmadd231ps zmm4, zmm13, zmm8
vfmadd231ps zmm5, zmm13, zmm9
vfmadd231ps zmm6, zmm13, zmm10
vfmadd231ps zmm7, zmm13, zmm11
add r10, r8
add rdx, r8
add r11, 0x04
dec rax
jnz -0x7A
mov rcx, [rdi+0x18]
test rcx, rcx
jz +0x51
vmovups zmm8, zmmword ptr [rcx]
vaddps zmm0, zmm0, zmm8
vaddps zmm4, zmm4, zmm8
vmovups zmm8, zmmword ptr [rcx+0x40]
vaddps zmm1, zmm1, zmm8
vaddps zmm5, zmm5, zmm8
vmovups zmm8, zmmword ptr [rcx+0x80]
vaddps zmm2, zmm2, zmm8
vaddps zmm6, zmm6, zmm8
vmovups zmm8, zmmword ptr [rcx+0xC0]
vaddps zmm3, zmm3, zmm8
vaddps zmm7, zmm7, zmm8
mov rdx, [rdi+0x28]
mov rsi, [rdi+0x50]
vmovups zmmword ptr [rdx], zmm0
vmovups zmmword ptr [rdx+0x40], zmm1
vmovups zmmword ptr [rdx+0x80], zmm2
vmovups zmmword ptr [rdx+0xC0], zmm3
add rdx, rsi
vmovups zmmword ptr [rdx], zmm4
vmovups zmmword ptr [rdx+0x40], zmm5
vmovups zmmword ptr [rdx+0x80], zmm6
vmovups zmmword ptr [rdx+0xC0], zmm7
vzeroupper
ret
