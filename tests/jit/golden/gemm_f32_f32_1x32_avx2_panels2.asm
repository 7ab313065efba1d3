; FNV-1a of the code: f7e605baddeaefc8
push rbx
mov r10, [rdi+0x08]
mov r11, r10
add r11, [rdi+0x60]
mov rdx, [rdi+0x10]
sub rdx, r10
mov rsi, [rdi+0x38]
mov r8, [rdi+0x40]
mov rax, [rdi+0x68]
lea r9, [r8+r8*2]
mov rcx, [rdi+0x20]
mov rbx, [rdi+0x48]
test rcx, rcx
jnz +0x1B
vxorps ymm0, ymm0, ymm0
vxorps ymm1, ymm1, ymm1
vxorps ymm2, ymm2, ymm2
vxorps ymm3, ymm3, ymm3
jmp +0x18
vmovups ymm0, [rcx]
vmovups ymm1, [rcx+0x20]
vmovups ymm2, [rcx+0x40]
vmovups ymm3, [rcx+0x60]
mov rbx, [rdi]
mov rcx, rax
shr rcx, 0x02
jz +0xFA
nop [rax+rax*1], ax
nop [rax+rax*1], ax
nop
vbroadcastss ymm4, dword ptr [rbx]
vmovups ymm5, [r10]
vfmadd231ps ymm0, ymm4, ymm5
vmovups ymm6, [r10+0x20]
vfmadd231ps ymm1, ymm4, ymm6
vmovups ymm7, [r11]
vfmadd231ps ymm2, ymm4, ymm7
vmovups ymm8, [r11+0x20]
vfmadd231ps ymm3, ymm4, ymm8
vbroadcastss ymm4, dword ptr [rbx+0x04]
vmovups ymm5, [r10+r8*1]
vfmadd231ps ymm0, ymm4, ymm5
vmovups ymm6, [r10+r8*1+0x20]
vfmadd231ps ymm1, ymm4, ymm6
vmovups ymm7, [r11+r8*1]
vfmadd231ps ymm2, ymm4, ymm7
vmovups ymm8, [r11+r8*1+0x20]
vfmadd231ps ymm3, ymm4, ymm8
vbroadcastss ymm4, dword ptr [rbx+0x08]
vmovups ymm5, [r10+r8*2]
vfmadd231ps ymm0, ymm4, ymm5
vmovups ymm6, [r10+r8*2+0x20]
vfmadd231ps ymm1, ymm4, ymm6
vmovups ymm7, [r11+r8*2]
vfmadd231ps ymm2, ymm4, ymm7
vmovups ymm8, [r11+r8*2+0x20]
vfmadd231ps ymm3, ymm4, ymm8
vbroadcastss ymm4, dword ptr [rbx+0x0C]
vmovups ymm5, [r10+r9*1]
vfmadd231ps ymm0, ymm4, ymm5
vmovups ymm6, [r10+r9*1+0x20]
vfmadd231ps ymm1, ymm4, ymm6
vmovups ymm7, [r11+r9*1]
vfmadd231ps ymm2, ymm4, ymm7
vmovups ymm8, [r11+r9*1+0x20]
vfmadd231ps ymm3, ymm4, ymm8
lea r10, [r10+r8*4]
lea r11, [r11+r8*4]
add rbx, 0x10
dec rcx
jnz -0xDA
and rax, 0x03
jz +0x48
vbroadcastss ymm4, dword ptr [rbx]
vmovups ymm5, [r10]
vfmadd231ps ymm0, ymm4, ymm5
vmovups ymm6, [r10+0x20]
vfmadd231ps ymm1, ymm4, ymm6
vmovups ymm7, [r11]
vfmadd231ps ymm2, ymm4, ymm7
vmovups ymm8, [r11+0x20]
vfmadd231ps ymm3, ymm4, ymm8
add r10, r8
add r11, r8
add rbx, 0x04
dec rax
jnz -0x3C
mov rcx, [rdi+0x18]
test rcx, rcx
jz +0x29
vmovups ymm4, [rcx]
vaddps ymm0, ymm0, ymm4
vmovups ymm4, [rcx+0x20]
vaddps ymm1, ymm1, ymm4
vmovups ymm4, [rcx+0x40]
vaddps ymm2, ymm2, ymm4
vmovups ymm4, [rcx+0x60]
vaddps ymm3, ymm3, ymm4
mov rdx, [rdi+0x28]
mov rsi, [rdi+0x50]
vmovups [rdx], ymm0
vmovups [rdx+0x20], ymm1
vmovups [rdx+0x40], ymm2
vmovups [rdx+0x60], ymm3
pop rbx
vzeroupper
ret
