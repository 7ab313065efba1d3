; FNV-1a of the code: d49d8579278e4704
push rbx
push rbp
push r12
push r13
mov rsi, [rdi+0x38]
mov r9, [rdi+0x48]
mov r10, [rdi+0x50]
mov r8, [rdi+0x40]
mov rax, [rdi+0x20]
mov rcx, [rdi+0x28]
mov r11, [rdi+0x68]
nop [rax+rax*1], ax
nop [rax+rax*1], ax
nop [rax+rax*1], ax
nop [rax], eax
vmovups ymm0, [r8]
vmovaps ymm2, ymm0
vmovaps ymm4, ymm0
vmovaps ymm6, ymm0
vmovups ymm1, [r8+0x20]
vmovaps ymm3, ymm1
vmovaps ymm5, ymm1
vmovaps ymm7, ymm1
mov rbx, [rdi]
mov rbp, [rdi+0x08]
test rbp, rbp
jz +0x109
mov r12, [rbx]
add r12, rax
mov r13, [rbx+0x08]
add r13, rsi
vmovups ymm8, [r13]
vmovups ymm9, [r13+0x20]
vmovups ymm10, [r13+0x40]
vmovups ymm11, [r13+0x60]
vmovups ymm12, [r13+0x80]
vmovups ymm13, [r13+0xA0]
vmovups ymm14, [r12]
vfmadd231ps ymm0, ymm14, ymm10
vfmadd231ps ymm2, ymm14, ymm8
vmovups ymm15, [r12+0x20]
vfmadd231ps ymm1, ymm15, ymm11
vfmadd231ps ymm3, ymm15, ymm9
lea r12, [r12+r9*1]
vmovups ymm14, [r12]
vfmadd231ps ymm0, ymm14, ymm12
vfmadd231ps ymm2, ymm14, ymm10
vfmadd231ps ymm4, ymm14, ymm8
vmovups ymm15, [r12+0x20]
vfmadd231ps ymm1, ymm15, ymm13
vfmadd231ps ymm3, ymm15, ymm11
vfmadd231ps ymm5, ymm15, ymm9
lea r12, [r12+r9*1]
vmovups ymm14, [r12]
vfmadd231ps ymm2, ymm14, ymm12
vfmadd231ps ymm4, ymm14, ymm10
vfmadd231ps ymm6, ymm14, ymm8
vmovups ymm15, [r12+0x20]
vfmadd231ps ymm3, ymm15, ymm13
vfmadd231ps ymm5, ymm15, ymm11
vfmadd231ps ymm7, ymm15, ymm9
lea r12, [r12+r9*1]
vmovups ymm14, [r12]
vfmadd231ps ymm4, ymm14, ymm12
vfmadd231ps ymm6, ymm14, ymm10
vmovups ymm15, [r12+0x20]
vfmadd231ps ymm5, ymm15, ymm13
vfmadd231ps ymm7, ymm15, ymm11
lea r12, [r12+r9*1]
vmovups ymm14, [r12]
vfmadd231ps ymm6, ymm14, ymm12
vmovups ymm15, [r12+0x20]
vfmadd231ps ymm7, ymm15, ymm13
add rbx, 0x10
dec rbp
jnz -0xFD
mov r12, [rdi+0x10]
prefetcht1 [r12]
prefetcht1 [r12+0x40]
prefetcht1 [r12+0x80]
prefetcht1 [r12+0xC0]
add r12, 0x100
mov [rdi+0x10], r12
mov r12, [rdi+0x18]
prefetchw [r12]
prefetchw [r12+0x40]
prefetchw [r12+0x80]
prefetchw [r12+0xC0]
add r12, 0x100
mov [rdi+0x18], r12
vbroadcastss ymm8, dword ptr [rip+0x149]  ; 0x00000000
vmaxps ymm0, ymm8, ymm0
vbroadcastss ymm8, dword ptr [rip+0x15C]  ; 0x40C00000
vminps ymm0, ymm8, ymm0
vmovups [rcx], ymm0
vbroadcastss ymm8, dword ptr [rip+0x12B]  ; 0x00000000
vmaxps ymm1, ymm8, ymm1
vbroadcastss ymm8, dword ptr [rip+0x13E]  ; 0x40C00000
vminps ymm1, ymm8, ymm1
vmovups [rcx+0x20], ymm1
add rcx, r10
vbroadcastss ymm8, dword ptr [rip+0x109]  ; 0x00000000
vmaxps ymm2, ymm8, ymm2
vbroadcastss ymm8, dword ptr [rip+0x11C]  ; 0x40C00000
vminps ymm2, ymm8, ymm2
vmovups [rcx], ymm2
vbroadcastss ymm8, dword ptr [rip+0xEB]  ; 0x00000000
vmaxps ymm3, ymm8, ymm3
vbroadcastss ymm8, dword ptr [rip+0xFE]  ; 0x40C00000
vminps ymm3, ymm8, ymm3
vmovups [rcx+0x20], ymm3
add rcx, r10
vbroadcastss ymm8, dword ptr [rip+0xC9]  ; 0x00000000
vmaxps ymm4, ymm8, ymm4
vbroadcastss ymm8, dword ptr [rip+0xDC]  ; 0x40C00000
vminps ymm4, ymm8, ymm4
vmovups [rcx], ymm4
vbroadcastss ymm8, dword ptr [rip+0xAB]  ; 0x00000000
vmaxps ymm5, ymm8, ymm5
vbroadcastss ymm8, dword ptr [rip+0xBE]  ; 0x40C00000
vminps ymm5, ymm8, ymm5
vmovups [rcx+0x20], ymm5
add rcx, r10
vbroadcastss ymm8, dword ptr [rip+0x89]  ; 0x00000000
vmaxps ymm6, ymm8, ymm6
vbroadcastss ymm8, dword ptr [rip+0x9C]  ; 0x40C00000
vminps ymm6, ymm8, ymm6
vmovups [rcx], ymm6
vbroadcastss ymm8, dword ptr [rip+0x6B]  ; 0x00000000
vmaxps ymm7, ymm8, ymm7
vbroadcastss ymm8, dword ptr [rip+0x7E]  ; 0x40C00000
vminps ymm7, ymm8, ymm7
vmovups [rcx+0x20], ymm7
add rcx, r10
imul r12, r9, 0x04
add rax, r12
dec r11
jnz -0x298
add qword ptr [rdi+0x20], 0x40
add qword ptr [rdi+0x28], 0x40
add r8, 0x40
add rsi, [rdi+0x60]
dec [rdi+0x70]
jnz -0x2DE
pop r13
pop r12
pop rbp
pop rbx
vzeroupper
ret
