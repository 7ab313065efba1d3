; FNV-1a of the code: b32a1fede1f2dfa7
push rbx
mov rax, [rdi]
mov rcx, [rdi+0x08]
mov rbx, [rdi+0x18]
mov rdx, [rdi+0x30]
mov r8, [rdi+0x40]
mov r9, [rdx]
prefetchw [r9+r8*1]
mov r9, [rdx+0x08]
prefetchw [r9+r8*1]
mov rdx, [rdi+0x28]
test rdx, rdx
jnz +0x1B
vxorps ymm0, ymm0, ymm0
vxorps ymm1, ymm1, ymm1
vxorps ymm2, ymm2, ymm2
vxorps ymm3, ymm3, ymm3
jmp +0x18
vmovups ymm0, [rdx]
vmovups ymm1, [rdx+0x20]
vmovups ymm2, [rdx+0x40]
vmovups ymm3, [rdx+0x60]
test rcx, rcx
jz +0x168
mov rdx, [rax]
add rdx, [rdi+0x10]
mov rsi, [rax+0x08]
mov r10, [rax+0x10]
mov r11, [rax+0x18]
xor r8, r8
mov r9, rsi
and r9, 0xFFFFFFFFFFFFFFFC
jz +0xF4
shl r9, 0x02
nop [rax+rax*1], ax
nop [rax+rax*1], ax
nop [rax], eax
vmovups ymm4, [rdx]
vmovups ymm5, [rdx+0x20]
vbroadcastss ymm6, dword ptr [r10+r8*1]
vfmadd231ps ymm0, ymm6, ymm4
vfmadd231ps ymm1, ymm6, ymm5
vbroadcastss ymm7, dword ptr [r11+r8*1]
vfmadd231ps ymm2, ymm7, ymm4
vfmadd231ps ymm3, ymm7, ymm5
vmovups ymm4, [rdx+0x40]
vmovups ymm5, [rdx+0x60]
vbroadcastss ymm6, dword ptr [r10+r8*1+0x04]
vfmadd231ps ymm0, ymm6, ymm4
vfmadd231ps ymm1, ymm6, ymm5
vbroadcastss ymm7, dword ptr [r11+r8*1+0x04]
vfmadd231ps ymm2, ymm7, ymm4
vfmadd231ps ymm3, ymm7, ymm5
vmovups ymm4, [rdx+0x80]
vmovups ymm5, [rdx+0xA0]
vbroadcastss ymm6, dword ptr [r10+r8*1+0x08]
vfmadd231ps ymm0, ymm6, ymm4
vfmadd231ps ymm1, ymm6, ymm5
vbroadcastss ymm7, dword ptr [r11+r8*1+0x08]
vfmadd231ps ymm2, ymm7, ymm4
vfmadd231ps ymm3, ymm7, ymm5
vmovups ymm4, [rdx+0xC0]
vmovups ymm5, [rdx+0xE0]
vbroadcastss ymm6, dword ptr [r10+r8*1+0x0C]
vfmadd231ps ymm0, ymm6, ymm4
vfmadd231ps ymm1, ymm6, ymm5
vbroadcastss ymm7, dword ptr [r11+r8*1+0x0C]
vfmadd231ps ymm2, ymm7, ymm4
vfmadd231ps ymm3, ymm7, ymm5
prefetcht1 [rbx]
add rbx, 0x40
add rdx, 0x100
add r8, 0x10
cmp r8, r9
jb -0xCE
and rsi, 0x03
jz +0x40
vmovups ymm4, [rdx]
vmovups ymm5, [rdx+0x20]
vbroadcastss ymm6, dword ptr [r10+r8*1]
vfmadd231ps ymm0, ymm6, ymm4
vfmadd231ps ymm1, ymm6, ymm5
vbroadcastss ymm7, dword ptr [r11+r8*1]
vfmadd231ps ymm2, ymm7, ymm4
vfmadd231ps ymm3, ymm7, ymm5
add rdx, 0x40
add r8, 0x04
dec rsi
jnz -0x34
add rax, 0x40
dec rcx
jnz -0x15C
mov rax, [rdi+0x20]
test rax, rax
jz +0x1F
vmovups ymm4, [rax]
vaddps ymm0, ymm0, ymm4
vaddps ymm2, ymm2, ymm4
vmovups ymm4, [rax+0x20]
vaddps ymm1, ymm1, ymm4
vaddps ymm3, ymm3, ymm4
mov rax, [rdi+0x30]
mov rcx, [rdi+0x40]
mov rdx, [rdi+0x38]
mov rsi, [rdi+0x48]
mov r8, [rax]
add r8, rcx
add rax, 0x08
mov r9, [rdx]
add r9, rsi
add rdx, 0x08
vmovups ymm4, [r9]
vaddps ymm0, ymm0, ymm4
vbroadcastss ymm4, dword ptr [rip+0x7F]  ; 0x00000000
vmaxps ymm0, ymm4, ymm0
vmovups [r8], ymm0
vmovups ymm4, [r9+0x20]
vaddps ymm1, ymm1, ymm4
vbroadcastss ymm4, dword ptr [rip+0x63]  ; 0x00000000
vmaxps ymm1, ymm4, ymm1
vmovups [r8+0x20], ymm1
mov r8, [rax]
add r8, rcx
add rax, 0x08
mov r9, [rdx]
add r9, rsi
add rdx, 0x08
vmovups ymm4, [r9]
vaddps ymm2, ymm2, ymm4
vbroadcastss ymm4, dword ptr [rip+0x33]  ; 0x00000000
vmaxps ymm2, ymm4, ymm2
vmovups [r8], ymm2
vmovups ymm4, [r9+0x20]
vaddps ymm3, ymm3, ymm4
vbroadcastss ymm4, dword ptr [rip+0x17]  ; 0x00000000
vmaxps ymm3, ymm4, ymm3
vmovups [r8+0x20], ymm3
pop rbx
vzeroupper
ret
