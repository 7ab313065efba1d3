; FNV-1a of the code: c0de3797ffff93be
mov r10, [rdi+0x08]
mov rdx, [rdi+0x10]
mov rsi, [rdi+0x38]
mov r8, [rdi+0x40]
mov rax, [rdi+0x68]
lea r9, [r8+r8*2]
mov rcx, [rdi+0x20]
mov r11, [rdi+0x48]
test rcx, rcx
jnz +0x13
vxorps ymm0, ymm0, ymm0
vxorps ymm1, ymm1, ymm1
jmp +0x10
vmovups ymm0, [rcx]
add rcx, r11
vmovups ymm1, [rcx]
mov r11, [rdi]
mov rcx, rax
shr rcx, 0x02
jz +0xA3
nop [rax+rax*1], ax
nop [rax+rax*1], ax
prefetcht1 [rdx]
vmovups ymm2, [r10]
vbroadcastss ymm3, dword ptr [r11]
vfmadd231ps ymm0, ymm3, ymm2
vbroadcastss ymm4, dword ptr [r11+rsi*1]
vfmadd231ps ymm1, ymm4, ymm2
prefetcht1 [rdx+r8*1]
vmovups ymm2, [r10+r8*1]
vbroadcastss ymm3, dword ptr [r11+0x04]
vfmadd231ps ymm0, ymm3, ymm2
vbroadcastss ymm4, dword ptr [r11+rsi*1+0x04]
vfmadd231ps ymm1, ymm4, ymm2
vmovups ymm2, [r10+r8*2]
vbroadcastss ymm3, dword ptr [r11+0x08]
vfmadd231ps ymm0, ymm3, ymm2
vbroadcastss ymm4, dword ptr [r11+rsi*1+0x08]
vfmadd231ps ymm1, ymm4, ymm2
vmovups ymm2, [r10+r9*1]
vbroadcastss ymm3, dword ptr [r11+0x0C]
vfmadd231ps ymm0, ymm3, ymm2
vbroadcastss ymm4, dword ptr [r11+rsi*1+0x0C]
vfmadd231ps ymm1, ymm4, ymm2
lea r10, [r10+r8*4]
lea rdx, [rdx+r8*2]
add r11, 0x10
dec rcx
jnz -0x88
and rax, 0x03
jz +0x36
prefetcht1 [rdx]
vmovups ymm2, [r10]
vbroadcastss ymm3, dword ptr [r11]
vfmadd231ps ymm0, ymm3, ymm2
vbroadcastss ymm4, dword ptr [r11+rsi*1]
vfmadd231ps ymm1, ymm4, ymm2
add r10, r8
add rdx, r8
add r11, 0x04
dec rax
jnz -0x2A
mov rcx, [rdi+0x18]
test rcx, rcx
jz +0x12
vmovups ymm2, [rcx]
vaddps ymm0, ymm0, ymm2
vaddps ymm1, ymm1, ymm2
mov rdx, [rdi+0x28]
mov rsi, [rdi+0x50]
vmovups [rdx], ymm0
add rdx, rsi
vmovups [rdx], ymm1
vzeroupper
ret
