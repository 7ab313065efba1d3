; FNV-1a of the code: c4a87f7f463a2376
push rbx
mov rax, [rdi+0x08]
mov rcx, [rdi+0x18]
mov rsi, [rdi+0x10]
lea r8, [rsi+rsi*2]
lea r9, [rsi+rsi*4]
lea r10, [r8+rsi*4]
mov r11, [rdi]
lea rbx, [r11+rsi*8]
cmp rcx, 0x10
jl +0x3EC
vmovups xmm0, [r11]
vinsertf128 ymm0, ymm0, xmmword ptr [r11+rsi*4], 0x01
vmovups xmm1, [r11+rsi*1]
vinsertf128 ymm1, ymm1, xmmword ptr [r11+r9*1], 0x01
vmovups xmm2, [r11+rsi*2]
vinsertf128 ymm2, ymm2, xmmword ptr [r11+r8*2], 0x01
vmovups xmm3, [r11+r8*1]
vinsertf128 ymm3, ymm3, xmmword ptr [r11+r10*1], 0x01
vunpcklps ymm8, ymm0, ymm1
vunpckhps ymm9, ymm0, ymm1
vunpcklps ymm10, ymm2, ymm3
vunpckhps ymm11, ymm2, ymm3
vunpcklpd ymm0, ymm8, ymm10
vunpckhpd ymm1, ymm8, ymm10
vunpcklpd ymm2, ymm9, ymm11
vunpckhpd ymm3, ymm9, ymm11
vmovups xmm4, [rbx]
vinsertf128 ymm4, ymm4, xmmword ptr [rbx+rsi*4], 0x01
vmovups xmm5, [rbx+rsi*1]
vinsertf128 ymm5, ymm5, xmmword ptr [rbx+r9*1], 0x01
vmovups xmm6, [rbx+rsi*2]
vinsertf128 ymm6, ymm6, xmmword ptr [rbx+r8*2], 0x01
vmovups xmm7, [rbx+r8*1]
vinsertf128 ymm7, ymm7, xmmword ptr [rbx+r10*1], 0x01
vunpcklps ymm8, ymm4, ymm5
vunpckhps ymm9, ymm4, ymm5
vunpcklps ymm10, ymm6, ymm7
vunpckhps ymm11, ymm6, ymm7
vunpcklpd ymm4, ymm8, ymm10
vunpckhpd ymm5, ymm8, ymm10
vunpcklpd ymm6, ymm9, ymm11
vunpckhpd ymm7, ymm9, ymm11
vmovntps [rax], ymm0
vmovntps [rax+0x20], ymm4
vmovntps [rax+0x40], ymm1
vmovntps [rax+0x60], ymm5
vmovntps [rax+0x80], ymm2
vmovntps [rax+0xA0], ymm6
vmovntps [rax+0xC0], ymm3
vmovntps [rax+0xE0], ymm7
vmovups xmm0, [r11+0x10]
vinsertf128 ymm0, ymm0, xmmword ptr [r11+rsi*4+0x10], 0x01
vmovups xmm1, [r11+rsi*1+0x10]
vinsertf128 ymm1, ymm1, xmmword ptr [r11+r9*1+0x10], 0x01
vmovups xmm2, [r11+rsi*2+0x10]
vinsertf128 ymm2, ymm2, xmmword ptr [r11+r8*2+0x10], 0x01
vmovups xmm3, [r11+r8*1+0x10]
vinsertf128 ymm3, ymm3, xmmword ptr [r11+r10*1+0x10], 0x01
vunpcklps ymm8, ymm0, ymm1
vunpckhps ymm9, ymm0, ymm1
vunpcklps ymm10, ymm2, ymm3
vunpckhps ymm11, ymm2, ymm3
vunpcklpd ymm0, ymm8, ymm10
vunpckhpd ymm1, ymm8, ymm10
vunpcklpd ymm2, ymm9, ymm11
vunpckhpd ymm3, ymm9, ymm11
vmovups xmm4, [rbx+0x10]
vinsertf128 ymm4, ymm4, xmmword ptr [rbx+rsi*4+0x10], 0x01
vmovups xmm5, [rbx+rsi*1+0x10]
vinsertf128 ymm5, ymm5, xmmword ptr [rbx+r9*1+0x10], 0x01
vmovups xmm6, [rbx+rsi*2+0x10]
vinsertf128 ymm6, ymm6, xmmword ptr [rbx+r8*2+0x10], 0x01
vmovups xmm7, [rbx+r8*1+0x10]
vinsertf128 ymm7, ymm7, xmmword ptr [rbx+r10*1+0x10], 0x01
vunpcklps ymm8, ymm4, ymm5
vunpckhps ymm9, ymm4, ymm5
vunpcklps ymm10, ymm6, ymm7
vunpckhps ymm11, ymm6, ymm7
vunpcklpd ymm4, ymm8, ymm10
vunpckhpd ymm5, ymm8, ymm10
vunpcklpd ymm6, ymm9, ymm11
vunpckhpd ymm7, ymm9, ymm11
vmovntps [rax+0x100], ymm0
vmovntps [rax+0x120], ymm4
vmovntps [rax+0x140], ymm1
vmovntps [rax+0x160], ymm5
vmovntps [rax+0x180], ymm2
vmovntps [rax+0x1A0], ymm6
vmovntps [rax+0x1C0], ymm3
vmovntps [rax+0x1E0], ymm7
vmovups xmm0, [r11+0x20]
vinsertf128 ymm0, ymm0, xmmword ptr [r11+rsi*4+0x20], 0x01
vmovups xmm1, [r11+rsi*1+0x20]
vinsertf128 ymm1, ymm1, xmmword ptr [r11+r9*1+0x20], 0x01
vmovups xmm2, [r11+rsi*2+0x20]
vinsertf128 ymm2, ymm2, xmmword ptr [r11+r8*2+0x20], 0x01
vmovups xmm3, [r11+r8*1+0x20]
vinsertf128 ymm3, ymm3, xmmword ptr [r11+r10*1+0x20], 0x01
vunpcklps ymm8, ymm0, ymm1
vunpckhps ymm9, ymm0, ymm1
vunpcklps ymm10, ymm2, ymm3
vunpckhps ymm11, ymm2, ymm3
vunpcklpd ymm0, ymm8, ymm10
vunpckhpd ymm1, ymm8, ymm10
vunpcklpd ymm2, ymm9, ymm11
vunpckhpd ymm3, ymm9, ymm11
vmovups xmm4, [rbx+0x20]
vinsertf128 ymm4, ymm4, xmmword ptr [rbx+rsi*4+0x20], 0x01
vmovups xmm5, [rbx+rsi*1+0x20]
vinsertf128 ymm5, ymm5, xmmword ptr [rbx+r9*1+0x20], 0x01
vmovups xmm6, [rbx+rsi*2+0x20]
vinsertf128 ymm6, ymm6, xmmword ptr [rbx+r8*2+0x20], 0x01
vmovups xmm7, [rbx+r8*1+0x20]
vinsertf128 ymm7, ymm7, xmmword ptr [rbx+r10*1+0x20], 0x01
vunpcklps ymm8, ymm4, ymm5
vunpckhps ymm9, ymm4, ymm5
vunpcklps ymm10, ymm6, ymm7
vunpckhps ymm11, ymm6, ymm7
vunpcklpd ymm4, ymm8, ymm10
vunpckhpd ymm5, ymm8, ymm10
vunpcklpd ymm6, ymm9, ymm11
vunpckhpd ymm7, ymm9, ymm11
vmovntps [rax+0x200], ymm0
vmovntps [rax+0x220], ymm4
vmovntps [rax+0x240], ymm1
vmovntps [rax+0x260], ymm5
vmovntps [rax+0x280], ymm2
vmovntps [rax+0x2A0], ymm6
vmovntps [rax+0x2C0], ymm3
vmovntps [rax+0x2E0], ymm7
vmovups xmm0, [r11+0x30]
vinsertf128 ymm0, ymm0, xmmword ptr [r11+rsi*4+0x30], 0x01
vmovups xmm1, [r11+rsi*1+0x30]
vinsertf128 ymm1, ymm1, xmmword ptr [r11+r9*1+0x30], 0x01
vmovups xmm2, [r11+rsi*2+0x30]
vinsertf128 ymm2, ymm2, xmmword ptr [r11+r8*2+0x30], 0x01
vmovups xmm3, [r11+r8*1+0x30]
vinsertf128 ymm3, ymm3, xmmword ptr [r11+r10*1+0x30], 0x01
vunpcklps ymm8, ymm0, ymm1
vunpckhps ymm9, ymm0, ymm1
vunpcklps ymm10, ymm2, ymm3
vunpckhps ymm11, ymm2, ymm3
vunpcklpd ymm0, ymm8, ymm10
vunpckhpd ymm1, ymm8, ymm10
vunpcklpd ymm2, ymm9, ymm11
vunpckhpd ymm3, ymm9, ymm11
vmovups xmm4, [rbx+0x30]
vinsertf128 ymm4, ymm4, xmmword ptr [rbx+rsi*4+0x30], 0x01
vmovups xmm5, [rbx+rsi*1+0x30]
vinsertf128 ymm5, ymm5, xmmword ptr [rbx+r9*1+0x30], 0x01
vmovups xmm6, [rbx+rsi*2+0x30]
vinsertf128 ymm6, ymm6, xmmword ptr [rbx+r8*2+0x30], 0x01
vmovups xmm7, [rbx+r8*1+0x30]
vinsertf128 ymm7, ymm7, xmmword ptr [rbx+r10*1+0x30], 0x01
vunpcklps ymm8, ymm4, ymm5
vunpckhps ymm9, ymm4, ymm5
vunpcklps ymm10, ymm6, ymm7
vunpckhps ymm11, ymm6, ymm7
vunpcklpd ymm4, ymm8, ymm10
vunpckhpd ymm5, ymm8, ymm10
vunpcklpd ymm6, ymm9, ymm11
vunpckhpd ymm7, ymm9, ymm11
vmovntps [rax+0x300], ymm0
vmovntps [rax+0x320], ymm4
vmovntps [rax+0x340], ymm1
vmovntps [rax+0x360], ymm5
vmovntps [rax+0x380], ymm2
vmovntps [rax+0x3A0], ymm6
vmovntps [rax+0x3C0], ymm3
vmovntps [rax+0x3E0], ymm7
add r11, 0x40
add rbx, 0x40
add rax, 0x400
sub rcx, 0x10
jmp -0x3EB
test rcx, rcx
jle +0x122
mov rdx, rcx
vmovups xmm0, [r11]
vinsertf128 ymm0, ymm0, xmmword ptr [r11+rsi*4], 0x01
vmovups xmm1, [r11+rsi*1]
vinsertf128 ymm1, ymm1, xmmword ptr [r11+r9*1], 0x01
vmovups xmm2, [r11+rsi*2]
vinsertf128 ymm2, ymm2, xmmword ptr [r11+r8*2], 0x01
vmovups xmm3, [r11+r8*1]
vinsertf128 ymm3, ymm3, xmmword ptr [r11+r10*1], 0x01
vunpcklps ymm8, ymm0, ymm1
vunpckhps ymm9, ymm0, ymm1
vunpcklps ymm10, ymm2, ymm3
vunpckhps ymm11, ymm2, ymm3
vunpcklpd ymm0, ymm8, ymm10
vunpckhpd ymm1, ymm8, ymm10
vunpcklpd ymm2, ymm9, ymm11
vunpckhpd ymm3, ymm9, ymm11
vmovups xmm4, [rbx]
vinsertf128 ymm4, ymm4, xmmword ptr [rbx+rsi*4], 0x01
vmovups xmm5, [rbx+rsi*1]
vinsertf128 ymm5, ymm5, xmmword ptr [rbx+r9*1], 0x01
vmovups xmm6, [rbx+rsi*2]
vinsertf128 ymm6, ymm6, xmmword ptr [rbx+r8*2], 0x01
vmovups xmm7, [rbx+r8*1]
vinsertf128 ymm7, ymm7, xmmword ptr [rbx+r10*1], 0x01
vunpcklps ymm8, ymm4, ymm5
vunpckhps ymm9, ymm4, ymm5
vunpcklps ymm10, ymm6, ymm7
vunpckhps ymm11, ymm6, ymm7
vunpcklpd ymm4, ymm8, ymm10
vunpckhpd ymm5, ymm8, ymm10
vunpcklpd ymm6, ymm9, ymm11
vunpckhpd ymm7, ymm9, ymm11
vmovntps [rax], ymm0
vmovntps [rax+0x20], ymm4
dec rdx
jz +0x4B
vmovntps [rax+0x40], ymm1
vmovntps [rax+0x60], ymm5
dec rdx
jz +0x38
vmovntps [rax+0x80], ymm2
vmovntps [rax+0xA0], ymm6
dec rdx
jz +0x1F
vmovntps [rax+0xC0], ymm3
vmovntps [rax+0xE0], ymm7
dec rdx
jz +0x06
add r11, 0x10
add rbx, 0x10
add rax, 0x100
sub rcx, 0x04
jmp -0x120
pop rbx
vzeroupper
ret
