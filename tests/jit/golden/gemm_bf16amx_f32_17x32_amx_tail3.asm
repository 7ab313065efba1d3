; FNV-1a of the code: 964f77c6a754dd47
push rbx
push rbp
mov rax, rsp
sub rsp, 0x880
and rsp, 0xFFFFFFFFFFFFFFC0
mov rcx, [rdi]
mov rsi, [rdi+0x08]
mov r10, [rdi+0x10]
mov r8, [rdi+0x38]
mov r9, [rdi+0x40]
mov r11, [rdi+0x68]
mov rdx, r8
shl rdx, 0x04
add rdx, rcx
ldtilecfg [rip+0x1C6]  ; 0x00000001
mov rbx, [rdi+0x20]
test rbx, rbx
jnz +0x1F
tilezero tmm0
tilezero tmm1
tilezero tmm2
tilezero tmm3
jmp +0x2B
mov rbp, [rdi+0x48]
tileloadd tmm0, [rbx+rbp*1]
tileloadd tmm1, [rbx+rbp*1+0x40]
lea rbx, [rbx+rbp*8]
lea rbx, [rbx+rbp*8]
tileloadd tmm2, [rbx+rbp*1]
tileloadd tmm3, [rbx+rbp*1+0x40]
shr r11, 0x04
jz +0x4E
tileloadd tmm4, [rcx+r8*1]
tileloadd tmm5, [rdx+r8*1]
tileloadd tmm6, [rsi+r9*1]
tdpbf16ps tmm0, tmm4, tmm6
tdpbf16ps tmm2, tmm5, tmm6
tileloadd tmm7, [rsi+r9*1+0x40]
tdpbf16ps tmm1, tmm4, tmm7
tdpbf16ps tmm3, tmm5, tmm7
add rcx, 0x40
add rdx, 0x40
mov rbx, r9
shl rbx, 0x04
add rsi, rbx
dec r11
jnz -0x42
mov rbx, rsp
mov ebp, 0x80
tilestored [rbx+rbp*1], tmm0
tilestored [rbx+rbp*1+0x40], tmm1
lea rbx, [rbx+rbp*8]
lea rbx, [rbx+rbp*8]
tilestored [rbx+rbp*1], tmm2
tilestored [rbx+rbp*1+0x40], tmm3
ldtilecfg [rip+0x135]  ; 0x00000001
mov rbx, rsp
tileloadd tmm0, [rbx+rbp*1]
tileloadd tmm1, [rbx+rbp*1+0x40]
lea rbx, [rbx+rbp*8]
lea rbx, [rbx+rbp*8]
tileloadd tmm2, [rbx+rbp*1]
tileloadd tmm3, [rbx+rbp*1+0x40]
tileloadd tmm4, [rcx+r8*1]
tileloadd tmm5, [rdx+r8*1]
tileloadd tmm6, [rsi+r9*1]
tdpbf16ps tmm0, tmm4, tmm6
tdpbf16ps tmm2, tmm5, tmm6
tileloadd tmm7, [rsi+r9*1+0x40]
tdpbf16ps tmm1, tmm4, tmm7
tdpbf16ps tmm3, tmm5, tmm7
mov rbx, rsp
mov ebp, 0x80
tilestored [rbx+rbp*1], tmm0
tilestored [rbx+rbp*1+0x40], tmm1
lea rbx, [rbx+rbp*8]
lea rbx, [rbx+rbp*8]
tilestored [rbx+rbp*1], tmm2
tilestored [rbx+rbp*1+0x40], tmm3
tilerelease
mov rcx, rsp
mov edx, 0x11
mov rsi, [rdi+0x28]
mov r8, [rdi+0x30]
mov r9, [rdi+0x18]
vmovups zmm0, zmmword ptr [rcx]
test r9, r9
jz +0x08
vaddps zmm0, zmm0, [r9]
vmovups zmmword ptr [rsi], zmm0
vmovups zmm0, zmmword ptr [rcx+0x40]
test r9, r9
jz +0x09
vaddps zmm0, zmm0, [r9+0x40]
vmovups zmmword ptr [rsi+0x40], zmm0
add rcx, 0x80
mov r10, [rdi+0x50]
add rsi, r10
dec rdx
jnz -0x42
mov rsp, rax
pop rbp
pop rbx
vzeroupper
ret
