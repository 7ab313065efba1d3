; FNV-1a of the code: c1e9d2bcb6fb80a7
push rbx
push rbp
push r12
push r13
mov rsi, [rdi+0x38]
mov r9, [rdi+0x48]
mov r10, [rdi+0x50]
mov rax, [rdi+0x20]
mov rcx, [rdi+0x28]
mov r11, [rdi+0x68]
nop
vxorps zmm0, zmm0, zmm0
vxorps zmm1, zmm1, zmm1
vxorps zmm2, zmm2, zmm2
vxorps zmm3, zmm3, zmm3
mov rbx, [rdi]
mov rbp, [rdi+0x08]
test rbp, rbp
jz +0xD9
mov r12, [rbx]
add r12, rax
mov r13, [rbx+0x08]
add r13, rsi
vmovups zmm4, zmmword ptr [r13]
vmovups zmm5, zmmword ptr [r13+0x40]
vmovups zmm6, zmmword ptr [r13+0x80]
vpmovzxwd zmm7, ymmword ptr [r12]
vpslld zmm7, zmm7, 0x10
vfmadd231ps zmm0, zmm7, zmm4
lea r12, [r12+r9*1]
vpmovzxwd zmm8, ymmword ptr [r12]
vpslld zmm8, zmm8, 0x10
vfmadd231ps zmm1, zmm8, zmm4
lea r12, [r12+r9*1]
vpmovzxwd zmm7, ymmword ptr [r12]
vpslld zmm7, zmm7, 0x10
vfmadd231ps zmm0, zmm7, zmm5
vfmadd231ps zmm2, zmm7, zmm4
lea r12, [r12+r9*1]
vpmovzxwd zmm8, ymmword ptr [r12]
vpslld zmm8, zmm8, 0x10
vfmadd231ps zmm1, zmm8, zmm5
vfmadd231ps zmm3, zmm8, zmm4
lea r12, [r12+r9*1]
vpmovzxwd zmm7, ymmword ptr [r12]
vpslld zmm7, zmm7, 0x10
vfmadd231ps zmm0, zmm7, zmm6
vfmadd231ps zmm2, zmm7, zmm5
lea r12, [r12+r9*1]
vpmovzxwd zmm8, ymmword ptr [r12]
vpslld zmm8, zmm8, 0x10
vfmadd231ps zmm1, zmm8, zmm6
vfmadd231ps zmm3, zmm8, zmm5
add rbx, 0x10
dec rbp
jnz -0xCD
vpsrld zmm4, zmm0, 0x10
vandps zmm4, zmm4, [rip+0x12C] {1to16}  ; 0x00000001
vpaddd zmm4, zmm4, [rip+0x12A] {1to16}  ; 0x00007FFF
vpaddd zmm4, zmm4, zmm0
vcmpps k1, zmm0, zmm0, 0x03
vpsrld zmm0, zmm4, 0x10
vblendmps zmm0 {k1}, zmm0, [rip+0x108] {1to16}  ; 0x00007FC0
vpmovdw ymmword ptr [rcx], zmm0
add rcx, r10
vpsrld zmm4, zmm1, 0x10
vandps zmm4, zmm4, [rip+0xEA] {1to16}  ; 0x00000001
vpaddd zmm4, zmm4, [rip+0xE8] {1to16}  ; 0x00007FFF
vpaddd zmm4, zmm4, zmm1
vcmpps k1, zmm1, zmm1, 0x03
vpsrld zmm1, zmm4, 0x10
vblendmps zmm1 {k1}, zmm1, [rip+0xC6] {1to16}  ; 0x00007FC0
vpmovdw ymmword ptr [rcx], zmm1
add rcx, r10
vpsrld zmm4, zmm2, 0x10
vandps zmm4, zmm4, [rip+0xA8] {1to16}  ; 0x00000001
vpaddd zmm4, zmm4, [rip+0xA6] {1to16}  ; 0x00007FFF
vpaddd zmm4, zmm4, zmm2
vcmpps k1, zmm2, zmm2, 0x03
vpsrld zmm2, zmm4, 0x10
vblendmps zmm2 {k1}, zmm2, [rip+0x84] {1to16}  ; 0x00007FC0
vpmovdw ymmword ptr [rcx], zmm2
add rcx, r10
vpsrld zmm4, zmm3, 0x10
vandps zmm4, zmm4, [rip+0x66] {1to16}  ; 0x00000001
vpaddd zmm4, zmm4, [rip+0x64] {1to16}  ; 0x00007FFF
vpaddd zmm4, zmm4, zmm3
vcmpps k1, zmm3, zmm3, 0x03
vpsrld zmm3, zmm4, 0x10
vblendmps zmm3 {k1}, zmm3, [rip+0x42] {1to16}  ; 0x00007FC0
vpmovdw ymmword ptr [rcx], zmm3
add rcx, r10
imul r12, r9, 0x04
add rax, r12
dec r11
jnz -0x20D
add qword ptr [rdi+0x20], 0x20
add qword ptr [rdi+0x28], 0x20
add rsi, [rdi+0x60]
dec [rdi+0x70]
jnz -0x233
pop r13
pop r12
pop rbp
pop rbx
vzeroupper
ret
