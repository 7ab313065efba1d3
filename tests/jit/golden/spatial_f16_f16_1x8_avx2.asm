; FNV-1a of the code: 1642e663a6259441
mov rax, [rdi]
mov rcx, [rdi+0x08]
mov rdx, [rdi+0x30]
mov r8, [rdi+0x40]
mov r9, [rdx]
prefetchw [r9+r8*1]
mov rdx, [rdi+0x28]
test rdx, rdx
jnz +0x0F
vxorps ymm0, ymm0, ymm0
jmp +0x09
vmovups ymm0, [rdx]
test rcx, rcx
jz +0x124
mov rdx, [rax]
add rdx, [rdi+0x10]
mov rsi, [rax+0x08]
mov r10, [rax+0x10]
xor r8, r8
mov r9, rsi
and r9, 0xFFFFFFFFFFFFFFFC
jz +0xBB
shl r9, 0x03
nop [rax], eax
vcvtph2ps ymm1, xmmword ptr [rdx]
vbroadcastss ymm2, dword ptr [r10+r8*1]
vfmadd231ps ymm0, ymm2, ymm1
vcvtph2ps ymm1, xmmword ptr [rdx+0x20]
vbroadcastss ymm2, dword ptr [r10+r8*1+0x04]
vfmadd231ps ymm0, ymm2, ymm1
vcvtph2ps ymm1, xmmword ptr [rdx+0x40]
vbroadcastss ymm2, dword ptr [r10+r8*1+0x08]
vfmadd231ps ymm0, ymm2, ymm1
vcvtph2ps ymm1, xmmword ptr [rdx+0x60]
vbroadcastss ymm2, dword ptr [r10+r8*1+0x0C]
vfmadd231ps ymm0, ymm2, ymm1
vcvtph2ps ymm1, xmmword ptr [rdx+0x80]
vbroadcastss ymm2, dword ptr [r10+r8*1+0x10]
vfmadd231ps ymm0, ymm2, ymm1
vcvtph2ps ymm1, xmmword ptr [rdx+0xA0]
vbroadcastss ymm2, dword ptr [r10+r8*1+0x14]
vfmadd231ps ymm0, ymm2, ymm1
vcvtph2ps ymm1, xmmword ptr [rdx+0xC0]
vbroadcastss ymm2, dword ptr [r10+r8*1+0x18]
vfmadd231ps ymm0, ymm2, ymm1
vcvtph2ps ymm1, xmmword ptr [rdx+0xE0]
vbroadcastss ymm2, dword ptr [r10+r8*1+0x1C]
vfmadd231ps ymm0, ymm2, ymm1
add rdx, 0x100
add r8, 0x20
cmp r8, r9
jb -0xA8
and rsi, 0x03
jz +0x39
vcvtph2ps ymm1, xmmword ptr [rdx]
vbroadcastss ymm2, dword ptr [r10+r8*1]
vfmadd231ps ymm0, ymm2, ymm1
vcvtph2ps ymm1, xmmword ptr [rdx+0x20]
vbroadcastss ymm2, dword ptr [r10+r8*1+0x04]
vfmadd231ps ymm0, ymm2, ymm1
add rdx, 0x40
add r8, 0x08
dec rsi
jnz -0x2D
add rax, 0x40
dec rcx
jnz -0x118
mov rax, [rdi+0x20]
test rax, rax
jz +0x0E
vmovups ymm1, [rax]
vaddps ymm0, ymm0, ymm1
mov rax, [rdi+0x30]
mov rcx, [rdi+0x40]
mov r8, [rax]
add r8, rcx
add rax, 0x08
vcvtps2ph xmmword ptr [r8], ymm0, 0x00
vzeroupper
ret
