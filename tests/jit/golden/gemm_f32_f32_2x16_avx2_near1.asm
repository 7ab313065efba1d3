; FNV-1a of the code: 01579472ce606007
mov r10, [rdi+0x08]
mov rdx, [rdi+0x10]
mov rsi, [rdi+0x38]
mov r8, [rdi+0x40]
mov rax, [rdi+0x68]
lea r9, [r8+r8*2]
mov rcx, [rdi+0x20]
mov r11, [rdi+0x48]
test rcx, rcx
jnz +0x1B
vxorps ymm0, ymm0, ymm0
vxorps ymm1, ymm1, ymm1
vxorps ymm2, ymm2, ymm2
vxorps ymm3, ymm3, ymm3
jmp +0x1A
vmovups ymm0, [rcx]
vmovups ymm1, [rcx+0x20]
add rcx, r11
vmovups ymm2, [rcx]
vmovups ymm3, [rcx+0x20]
mov r11, [rdi]
mov rcx, rax
shr rcx, 0x02
jz +0xFE
nop [rax+rax*1], ax
nop [rax+rax*1], ax
nop [rax+rax*1], ax
nop
prefetcht0 [rdx]
vmovups ymm4, [r10]
vmovups ymm5, [r10+0x20]
vbroadcastss ymm6, dword ptr [r11]
vfmadd231ps ymm0, ymm6, ymm4
vfmadd231ps ymm1, ymm6, ymm5
vbroadcastss ymm7, dword ptr [r11+rsi*1]
vfmadd231ps ymm2, ymm7, ymm4
vfmadd231ps ymm3, ymm7, ymm5
prefetcht0 [rdx+r8*1]
vmovups ymm4, [r10+r8*1]
vmovups ymm5, [r10+r8*1+0x20]
vbroadcastss ymm6, dword ptr [r11+0x04]
vfmadd231ps ymm0, ymm6, ymm4
vfmadd231ps ymm1, ymm6, ymm5
vbroadcastss ymm7, dword ptr [r11+rsi*1+0x04]
vfmadd231ps ymm2, ymm7, ymm4
vfmadd231ps ymm3, ymm7, ymm5
prefetcht0 [rdx+r8*2]
vmovups ymm4, [r10+r8*2]
vmovups ymm5, [r10+r8*2+0x20]
vbroadcastss ymm6, dword ptr [r11+0x08]
vfmadd231ps ymm0, ymm6, ymm4
vfmadd231ps ymm1, ymm6, ymm5
vbroadcastss ymm7, dword ptr [r11+rsi*1+0x08]
vfmadd231ps ymm2, ymm7, ymm4
vfmadd231ps ymm3, ymm7, ymm5
prefetcht0 [rdx+r9*1]
vmovups ymm4, [r10+r9*1]
vmovups ymm5, [r10+r9*1+0x20]
vbroadcastss ymm6, dword ptr [r11+0x0C]
vfmadd231ps ymm0, ymm6, ymm4
vfmadd231ps ymm1, ymm6, ymm5
vbroadcastss ymm7, dword ptr [r11+rsi*1+0x0C]
vfmadd231ps ymm2, ymm7, ymm4
vfmadd231ps ymm3, ymm7, ymm5
lea r10, [r10+r8*4]
lea rdx, [rdx+r8*4]
add r11, 0x10
dec rcx
jnz -0xD5
and rax, 0x03
jz +0x46
prefetcht0 [rdx]
vmovups ymm4, [r10]
vmovups ymm5, [r10+0x20]
vbroadcastss ymm6, dword ptr [r11]
vfmadd231ps ymm0, ymm6, ymm4
vfmadd231ps ymm1, ymm6, ymm5
vbroadcastss ymm7, dword ptr [r11+rsi*1]
vfmadd231ps ymm2, ymm7, ymm4
vfmadd231ps ymm3, ymm7, ymm5
add r10, r8
add rdx, r8
add r11, 0x04
dec rax
jnz -0x3A
mov rcx, [rdi+0x18]
test rcx, rcx
jz +0x1F
vmovups ymm4, [rcx]
vaddps ymm0, ymm0, ymm4
vaddps ymm2, ymm2, ymm4
vmovups ymm4, [rcx+0x20]
vaddps ymm1, ymm1, ymm4
vaddps ymm3, ymm3, ymm4
mov rdx, [rdi+0x28]
mov rsi, [rdi+0x50]
vmovups [rdx], ymm0
vmovups [rdx+0x20], ymm1
add rdx, rsi
vmovups [rdx], ymm2
vmovups [rdx+0x20], ymm3
vzeroupper
ret
