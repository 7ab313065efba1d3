; FNV-1a of the code: 7cd94cfe77e198ee
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
jz +0x1A2
nop [rax+rax*1], ax
nop [rax+rax*1], ax
nop [rax], eax
vmovups zmm8, zmmword ptr [r10]
vmovups zmm9, zmmword ptr [r10+0x40]
vmovups zmm10, zmmword ptr [r10+0x80]
vmovups zmm11, zmmword ptr [r10+0xC0]
vpbroadcastd zmm12, dword ptr [r11]
vdpbf16ps zmm0, zmm8, zmm12
vdpbf16ps zmm1, zmm9, zmm12
vdpbf16ps zmm2, zmm10, zmm12
vdpbf16ps zmm3, zmm11, zmm12
vpbroadcastd zmm13, dword ptr [r11+rsi*1]
vdpbf16ps zmm4, zmm8, zmm13
vdpbf16ps zmm5, zmm9, zmm13
vdpbf16ps zmm6, zmm10, zmm13
vdpbf16ps zmm7, zmm11, zmm13
vmovups zmm8, zmmword ptr [r10+r8*1]
vmovups zmm9, zmmword ptr [r10+r8*1+0x40]
vmovups zmm10, zmmword ptr [r10+r8*1+0x80]
vmovups zmm11, zmmword ptr [r10+r8*1+0xC0]
vpbroadcastd zmm12, dword ptr [r11+0x04]
vdpbf16ps zmm0, zmm8, zmm12
vdpbf16ps zmm1, zmm9, zmm12
vdpbf16ps zmm2, zmm10, zmm12
vdpbf16ps zmm3, zmm11, zmm12
vpbroadcastd zmm13, dword ptr [r11+rsi*1+0x04]
vdpbf16ps zmm4, zmm8, zmm13
vdpbf16ps zmm5, zmm9, zmm13
vdpbf16ps zmm6, zmm10, zmm13
vdpbf16ps zmm7, zmm11, zmm13
vmovups zmm8, zmmword ptr [r10+r8*2]
vmovups zmm9, zmmword ptr [r10+r8*2+0x40]
vmovups zmm10, zmmword ptr [r10+r8*2+0x80]
vmovups zmm11, zmmword ptr [r10+r8*2+0xC0]
vpbroadcastd zmm12, dword ptr [r11+0x08]
vdpbf16ps zmm0, zmm8, zmm12
vdpbf16ps zmm1, zmm9, zmm12
vdpbf16ps zmm2, zmm10, zmm12
vdpbf16ps zmm3, zmm11, zmm12
vpbroadcastd zmm13, dword ptr [r11+rsi*1+0x08]
vdpbf16ps zmm4, zmm8, zmm13
vdpbf16ps zmm5, zmm9, zmm13
vdpbf16ps zmm6, zmm10, zmm13
vdpbf16ps zmm7, zmm11, zmm13
vmovups zmm8, zmmword ptr [r10+r9*1]
vmovups zmm9, zmmword ptr [r10+r9*1+0x40]
vmovups zmm10, zmmword ptr [r10+r9*1+0x80]
vmovups zmm11, zmmword ptr [r10+r9*1+0xC0]
vpbroadcastd zmm12, dword ptr [r11+0x0C]
vdpbf16ps zmm0, zmm8, zmm12
vdpbf16ps zmm1, zmm9, zmm12
vdpbf16ps zmm2, zmm10, zmm12
vdpbf16ps zmm3, zmm11, zmm12
vpbroadcastd zmm13, dword ptr [r11+rsi*1+0x0C]
vdpbf16ps zmm4, zmm8, zmm13
vdpbf16ps zmm5, zmm9, zmm13
vdpbf16ps zmm6, zmm10, zmm13
vdpbf16ps zmm7, zmm11, zmm13
lea r10, [r10+r8*4]
add r11, 0x10
dec rcx
jnz -0x17D
and rax, 0x03
jz +0x6E
vmovups zmm8, zmmword ptr [r10]
vmovups zmm9, zmmword ptr [r10+0x40]
vmovups zmm10, zmmword ptr [r10+0x80]
vmovups zmm11, zmmword ptr [r10+0xC0]
vpbroadcastd zmm12, dword ptr [r11]
vdpbf16ps zmm0, zmm8, zmm12
vdpbf16ps zmm1, zmm9, zmm12
vdpbf16ps zmm2, zmm10, zmm12
vdpbf16ps zmm3, zmm11, zmm12
vpbroadcastd zmm13, dword ptr [r11+rsi*1]
vdpbf16ps zmm4, zmm8, zmm13
vdpbf16ps zmm5, zmm9, zmm13
vdpbf16ps zmm6, zmm10, zmm13
vdpbf16ps zmm7, zmm11, zmm13
add r10, r8
add r11, 0x04
dec rax
jnz -0x62
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
vcvtneps2bf16 ymm0, zmm0
vmovups [rdx], ymm0
vcvtneps2bf16 ymm1, zmm1
vmovups [rdx+0x20], ymm1
vcvtneps2bf16 ymm2, zmm2
vmovups [rdx+0x40], ymm2
vcvtneps2bf16 ymm3, zmm3
vmovups [rdx+0x60], ymm3
add rdx, rsi
vcvtneps2bf16 ymm4, zmm4
vmovups [rdx], ymm4
vcvtneps2bf16 ymm5, zmm5
vmovups [rdx+0x20], ymm5
vcvtneps2bf16 ymm6, zmm6
vmovups [rdx+0x40], ymm6
vcvtneps2bf16 ymm7, zmm7
vmovups [rdx+0x60], ymm7
vzeroupper
ret
