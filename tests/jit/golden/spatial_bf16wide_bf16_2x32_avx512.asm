; FNV-1a of the code: 541e1b3ff5ee3bcb
vbroadcastss zmm6, dword ptr [rip+0x452]  ; 0xFFFF0000
mov rax, [rdi]
mov rcx, [rdi+0x08]
mov rdx, [rdi+0x30]
mov r8, [rdi+0x40]
mov r9, [rdx]
prefetchw [r9+r8*1]
mov r9, [rdx+0x08]
prefetchw [r9+r8*1]
mov rdx, [rdi+0x28]
test rdx, rdx
jnz +0x23
vxorps zmm0, zmm0, zmm0
vxorps zmm1, zmm1, zmm1
vxorps zmm2, zmm2, zmm2
vxorps zmm3, zmm3, zmm3
jmp +0x20
vmovups zmm0, zmmword ptr [rdx]
vmovups zmm1, zmmword ptr [rdx+0x40]
vmovups zmm2, zmmword ptr [rdx+0x100]
vmovups zmm3, zmmword ptr [rdx+0x140]
test rcx, rcx
jz +0x28B
mov rdx, [rax]
add rdx, [rdi+0x10]
mov rsi, [rax+0x08]
mov r10, [rax+0x10]
mov r11, [rax+0x18]
xor r8, r8
mov r9, rsi
and r9, 0xFFFFFFFFFFFFFFFC
jz +0x1D3
shl r9, 0x03
nop
vpslld zmm4, zmmword ptr [rdx], 0x10
vpslld zmm5, zmmword ptr [rdx+0x40], 0x10
vbroadcastss zmm7, dword ptr [r10+r8*1]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+r8*1]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vandps zmm4, zmm6, [rdx]
vandps zmm5, zmm6, [rdx+0x40]
vbroadcastss zmm7, dword ptr [r10+r8*1+0x04]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+r8*1+0x04]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vpslld zmm4, zmmword ptr [rdx+0x100], 0x10
vpslld zmm5, zmmword ptr [rdx+0x140], 0x10
vbroadcastss zmm7, dword ptr [r10+r8*1+0x08]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+r8*1+0x08]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vandps zmm4, zmm6, [rdx+0x100]
vandps zmm5, zmm6, [rdx+0x140]
vbroadcastss zmm7, dword ptr [r10+r8*1+0x0C]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+r8*1+0x0C]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vpslld zmm4, zmmword ptr [rdx+0x200], 0x10
vpslld zmm5, zmmword ptr [rdx+0x240], 0x10
vbroadcastss zmm7, dword ptr [r10+r8*1+0x10]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+r8*1+0x10]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vandps zmm4, zmm6, [rdx+0x200]
vandps zmm5, zmm6, [rdx+0x240]
vbroadcastss zmm7, dword ptr [r10+r8*1+0x14]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+r8*1+0x14]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vpslld zmm4, zmmword ptr [rdx+0x300], 0x10
vpslld zmm5, zmmword ptr [rdx+0x340], 0x10
vbroadcastss zmm7, dword ptr [r10+r8*1+0x18]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+r8*1+0x18]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vandps zmm4, zmm6, [rdx+0x300]
vandps zmm5, zmm6, [rdx+0x340]
vbroadcastss zmm7, dword ptr [r10+r8*1+0x1C]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+r8*1+0x1C]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
add rdx, 0x400
add r8, 0x20
cmp r8, r9
jb -0x1C2
and rsi, 0x03
jz +0x84
vpslld zmm4, zmmword ptr [rdx], 0x10
vpslld zmm5, zmmword ptr [rdx+0x40], 0x10
vbroadcastss zmm7, dword ptr [r10+r8*1]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+r8*1]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
vandps zmm4, zmm6, [rdx]
vandps zmm5, zmm6, [rdx+0x40]
vbroadcastss zmm7, dword ptr [r10+r8*1+0x04]
vfmadd231ps zmm0, zmm7, zmm4
vfmadd231ps zmm1, zmm7, zmm5
vbroadcastss zmm8, dword ptr [r11+r8*1+0x04]
vfmadd231ps zmm2, zmm8, zmm4
vfmadd231ps zmm3, zmm8, zmm5
add rdx, 0x100
add r8, 0x08
dec rsi
jnz -0x78
add rax, 0x40
dec rcx
jnz -0x27F
mov rax, [rdi+0x20]
test rax, rax
jz +0x2B
vmovups zmm4, zmmword ptr [rax]
vaddps zmm0, zmm0, zmm4
vaddps zmm2, zmm2, zmm4
vmovups zmm4, zmmword ptr [rax+0x40]
vaddps zmm1, zmm1, zmm4
vaddps zmm3, zmm3, zmm4
mov rax, [rdi+0x30]
mov rcx, [rdi+0x40]
mov r8, [rax]
add r8, rcx
add rax, 0x08
vpsrld zmm4, zmm0, 0x10
vandps zmm4, zmm4, [rip+0xFE] {1to16}  ; 0x00000001
vpaddd zmm4, zmm4, [rip+0xFC] {1to16}  ; 0x00007FFF
vpaddd zmm4, zmm4, zmm0
vcmpps k1, zmm0, zmm0, 0x03
vpsrld zmm0, zmm4, 0x10
vblendmps zmm0 {k1}, zmm0, [rip+0xDA] {1to16}  ; 0x00007FC0
vpmovdw ymmword ptr [r8], zmm0
vpsrld zmm4, zmm1, 0x10
vandps zmm4, zmm4, [rip+0xBF] {1to16}  ; 0x00000001
vpaddd zmm4, zmm4, [rip+0xBD] {1to16}  ; 0x00007FFF
vpaddd zmm4, zmm4, zmm1
vcmpps k1, zmm1, zmm1, 0x03
vpsrld zmm1, zmm4, 0x10
vblendmps zmm1 {k1}, zmm1, [rip+0x9B] {1to16}  ; 0x00007FC0
vpmovdw ymmword ptr [r8+0x20], zmm1
mov r8, [rax]
add r8, rcx
add rax, 0x08
vpsrld zmm4, zmm2, 0x10
vandps zmm4, zmm4, [rip+0x75] {1to16}  ; 0x00000001
vpaddd zmm4, zmm4, [rip+0x73] {1to16}  ; 0x00007FFF
vpaddd zmm4, zmm4, zmm2
vcmpps k1, zmm2, zmm2, 0x03
vpsrld zmm2, zmm4, 0x10
vblendmps zmm2 {k1}, zmm2, [rip+0x51] {1to16}  ; 0x00007FC0
vpmovdw ymmword ptr [r8], zmm2
vpsrld zmm4, zmm3, 0x10
vandps zmm4, zmm4, [rip+0x36] {1to16}  ; 0x00000001
vpaddd zmm4, zmm4, [rip+0x34] {1to16}  ; 0x00007FFF
vpaddd zmm4, zmm4, zmm3
vcmpps k1, zmm3, zmm3, 0x03
vpsrld zmm3, zmm4, 0x10
vblendmps zmm3 {k1}, zmm3, [rip+0x12] {1to16}  ; 0x00007FC0
vpmovdw ymmword ptr [r8+0x20], zmm3
vzeroupper
ret
