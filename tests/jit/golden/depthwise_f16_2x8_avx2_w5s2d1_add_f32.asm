; FNV-1a of the code: 6a30c8a0075de08e
push rbx
push rbp
push r12
push r13
mov rsi, [rdi+0x38]
mov r9, [rdi+0x48]
mov r10, [rdi+0x50]
mov rax, [rdi+0x20]
mov rcx, [rdi+0x28]
mov rdx, [rdi+0x30]
mov r11, [rdi+0x68]
nop [rax+rax*1], ax
nop [rax+rax*1], ax
nop [rax+rax*1], ax
nop [rax], eax
vxorps ymm0, ymm0, ymm0
vxorps ymm1, ymm1, ymm1
mov rbx, [rdi]
mov rbp, [rdi+0x08]
test rbp, rbp
jz +0xB5
mov r12, [rbx]
add r12, rax
mov r13, [rbx+0x08]
add r13, rsi
vmovups ymm2, [r13]
vmovups ymm3, [r13+0x20]
vmovups ymm4, [r13+0x40]
vmovups ymm5, [r13+0x60]
vmovups ymm6, [r13+0x80]
vcvtph2ps ymm7, xmmword ptr [r12]
vfmadd231ps ymm0, ymm7, ymm2
lea r12, [r12+r9*1]
vcvtph2ps ymm8, xmmword ptr [r12]
vfmadd231ps ymm0, ymm8, ymm3
lea r12, [r12+r9*1]
vcvtph2ps ymm7, xmmword ptr [r12]
vfmadd231ps ymm0, ymm7, ymm4
vfmadd231ps ymm1, ymm7, ymm2
lea r12, [r12+r9*1]
vcvtph2ps ymm8, xmmword ptr [r12]
vfmadd231ps ymm0, ymm8, ymm5
vfmadd231ps ymm1, ymm8, ymm3
lea r12, [r12+r9*1]
vcvtph2ps ymm7, xmmword ptr [r12]
vfmadd231ps ymm0, ymm7, ymm6
vfmadd231ps ymm1, ymm7, ymm4
lea r12, [r12+r9*1]
vcvtph2ps ymm8, xmmword ptr [r12]
vfmadd231ps ymm1, ymm8, ymm5
lea r12, [r12+r9*1]
vcvtph2ps ymm7, xmmword ptr [r12]
vfmadd231ps ymm1, ymm7, ymm6
add rbx, 0x10
dec rbp
jnz -0xA9
vmovups ymm2, [rdx]
vaddps ymm0, ymm0, ymm2
vcvtps2ph xmmword ptr [rcx], ymm0, 0x00
add rcx, r10
add rdx, [rdi+0x58]
vmovups ymm2, [rdx]
vaddps ymm1, ymm1, ymm2
vcvtps2ph xmmword ptr [rcx], ymm1, 0x00
add rcx, r10
add rdx, [rdi+0x58]
imul r12, r9, 0x04
add rax, r12
dec r11
jnz -0xFB
add qword ptr [rdi+0x20], 0x10
add qword ptr [rdi+0x28], 0x10
add qword ptr [rdi+0x30], 0x20
add rsi, [rdi+0x60]
dec [rdi+0x70]
jnz -0x146
pop r13
pop r12
pop rbp
pop rbx
vzeroupper
ret
