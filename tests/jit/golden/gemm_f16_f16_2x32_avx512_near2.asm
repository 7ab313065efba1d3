; FNV-1a of the code: 2541cf9f4e124aaa
mov r10, [rdi+0x08]
mov rdx, [rdi+0x10]
mov rsi, [rdi+0x38]
mov r8, [rdi+0x40]
mov rax, [rdi+0x68]
lea r9, [r8+r8*2]
mov rcx, [rdi+0x20]
mov r11, [rdi+0x48]
test rcx, rcx
jnz +0x23
vxorps zmm0, zmm0, zmm0
vxorps zmm1, zmm1, zmm1
vxorps zmm2, zmm2, zmm2
vxorps zmm3, zmm3, zmm3
jmp +0x22
vmovups zmm0, zmmword ptr [rcx]
vmovups zmm1, zmmword ptr [rcx+0x40]
add rcx, r11
vmovups zmm2, zmmword ptr [rcx]
vmovups zmm3, zmmword ptr [rcx+0x40]
mov r11, [rdi]
mov rcx, rax
shr rcx, 0x02
jz +0x20A
nop [rax+rax*1], ax
nop [rax], eax
prefetcht0 [rdx]
prefetcht0 [rdx+0x80]
vcvtph2ps zmm4, ymmword ptr [r10]
vcvtph2ps zmm5, ymmword ptr [r10+0x20]
vbroadcastss zmm6, dword ptr [r11]
vfmadd231ps zmm0, zmm6, zmm4
vfmadd231ps zmm1, zmm6, zmm5
vbroadcastss zmm7, dword ptr [r11+rsi*1]
vfmadd231ps zmm2, zmm7, zmm4
vfmadd231ps zmm3, zmm7, zmm5
vcvtph2ps zmm4, ymmword ptr [r10+0x80]
vcvtph2ps zmm5, ymmword ptr [r10+0xA0]
vbroadcastss zmm6, dword ptr [r11+0x04]
vfmadd231ps zmm0, zmm6, zmm4
vfmadd231ps zmm1, zmm6, zmm5
vbroadcastss zmm7, dword ptr [r11+rsi*1+0x04]
vfmadd231ps zmm2, zmm7, zmm4
vfmadd231ps zmm3, zmm7, zmm5
prefetcht0 [rdx+r8*1]
prefetcht0 [rdx+r8*1+0x80]
vcvtph2ps zmm4, ymmword ptr [r10+r8*1]
vcvtph2ps zmm5, ymmword ptr [r10+r8*1+0x20]
vbroadcastss zmm6, dword ptr [r11+0x08]
vfmadd231ps zmm0, zmm6, zmm4
vfmadd231ps zmm1, zmm6, zmm5
vbroadcastss zmm7, dword ptr [r11+rsi*1+0x08]
vfmadd231ps zmm2, zmm7, zmm4
vfmadd231ps zmm3, zmm7, zmm5
vcvtph2ps zmm4, ymmword ptr [r10+r8*1+0x80]
vcvtph2ps zmm5, ymmword ptr [r10+r8*1+0xA0]
vbroadcastss zmm6, dword ptr [r11+0x0C]
vfmadd231ps zmm0, zmm6, zmm4
vfmadd231ps zmm1, zmm6, zmm5
vbroadcastss zmm7, dword ptr [r11+rsi*1+0x0C]
vfmadd231ps zmm2, zmm7, zmm4
vfmadd231ps zmm3, zmm7, zmm5
prefetcht0 [rdx+r8*2]
prefetcht0 [rdx+r8*2+0x80]
vcvtph2ps zmm4, ymmword ptr [r10+r8*2]
vcvtph2ps zmm5, ymmword ptr [r10+r8*2+0x20]
vbroadcastss zmm6, dword ptr [r11+0x10]
vfmadd231ps zmm0, zmm6, zmm4
vfmadd231ps zmm1, zmm6, zmm5
vbroadcastss zmm7, dword ptr [r11+rsi*1+0x10]
vfmadd231ps zmm2, zmm7, zmm4
vfmadd231ps zmm3, zmm7, zmm5
vcvtph2ps zmm4, ymmword ptr [r10+r8*2+0x80]
vcvtph2ps zmm5, ymmword ptr [r10+r8*2+0xA0]
vbroadcastss zmm6, dword ptr [r11+0x14]
vfmadd231ps zmm0, zmm6, zmm4
vfmadd231ps zmm1, zmm6, zmm5
vbroadcastss zmm7, dword ptr [r11+rsi*1+0x14]
vfmadd231ps zmm2, zmm7, zmm4
vfmadd231ps zmm3, zmm7, zmm5
prefetcht0 [rdx+r9*1]
prefetcht0 [rdx+r9*1+0x80]
vcvtph2ps zmm4, ymmword ptr [r10+r9*1]
vcvtph2ps zmm5, ymmword ptr [r10+r9*1+0x20]
vbroadcastss zmm6, dword ptr [r11+0x18]
vfmadd231ps zmm0, zmm6, zmm4
vfmadd231ps zmm1, zmm6, zmm5
vbroadcastss zmm7, dword ptr [r11+rsi*1+0x18]
vfmadd231ps zmm2, zmm7, zmm4
vfmadd231ps zmm3, zmm7, zmm5
vcvtph2ps zmm4, ymmword ptr [r10+r9*1+0x80]
vcvtph2ps zmm5, ymmword ptr [r10+r9*1+0xA0]
vbroadcastss zmm6, dword ptr [r11+0x1C]
vfmadd231ps zmm0, zmm6, zmm4
vfmadd231ps zmm1, zmm6, zmm5
vbroadcastss zmm7, dword ptr [r11+rsi*1+0x1C]
vfmadd231ps zmm2, zmm7, zmm4
vfmadd231ps zmm3, zmm7, zmm5
lea r10, [r10+r8*4]
lea rdx, [rdx+r8*4]
add r11, 0x20
dec rcx
jnz -0x1F1
and rax, 0x03
jz +0x8A
prefetcht0 [rdx]
prefetcht0 [rdx+0x80]
vcvtph2ps zmm4, ymmword ptr [r10]
vcvtph2ps zmm5, ymmword ptr [r10+0x20]
vbroadcastss zmm6, dword ptr [r11]
vfmadd231ps zmm0, zmm6, zmm4
vfmadd231ps zmm1, zmm6, zmm5
vbroadcastss zmm7, dword ptr [r11+rsi*1]
vfmadd231ps zmm2, zmm7, zmm4
vfmadd231ps zmm3, zmm7, zmm5
vcvtph2ps zmm4, ymmword ptr [r10+0x80]
vcvtph2ps zmm5, ymmword ptr [r10+0xA0]
vbroadcastss zmm6, dword ptr [r11+0x04]
vfmadd231ps zmm0, zmm6, zmm4
vfmadd231ps zmm1, zmm6, zmm5
vbroadcastss zmm7, dword ptr [r11+rsi*1+0x04]
vfmadd231ps zmm2, zmm7, zmm4
vfmadd231ps zmm3, zmm7, zmm5
add r10, r8
add rdx, r8
add r11, 0x08
dec rax
jnz -0x7E
mov rcx, [rdi+0x18]
test rcx, rcx
jz +0x2B
vmovups zmm4, zmmword ptr [rcx]
vaddps zmm0, zmm0, zmm4
vaddps zmm2, zmm2, zmm4
vmovups zmm4, zmmword ptr [rcx+0x40]
vaddps zmm1, zmm1, zmm4
vaddps zmm3, zmm3, zmm4
mov rdx, [rdi+0x28]
mov rsi, [rdi+0x50]
vcvtps2ph ymmword ptr [rdx], zmm0, 0x00
vcvtps2ph ymmword ptr [rdx+0x20], zmm1, 0x00
add rdx, rsi
vcvtps2ph ymmword ptr [rdx], zmm2, 0x00
vcvtps2ph ymmword ptr [rdx+0x20], zmm3, 0x00
vzeroupper
ret
