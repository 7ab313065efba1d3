; FNV-1a of the code: c16d26d17f1414ba
mov rax, [rdi]
mov rcx, [rdi+0x08]
mov rdx, [rdi+0x10]
sub rdx, 0x08
jl +0xEE
vmovups ymm0, [rax]
vmovaps ymm1, ymm0
vorps ymm1, ymm1, [rip+0x35B]  ; 0x80000000
vbroadcastss ymm5, dword ptr [rip+0x392]  ; 0xC2B00000
vmaxps ymm1, ymm5, ymm1
vbroadcastss ymm5, dword ptr [rip+0x325]  ; 0x42B20000
vminps ymm1, ymm5, ymm1
vmulps ymm3, ymm1, [rip+0x2F9]  ; 0x3FB8AA3B
vroundps ymm3, ymm3, 0x00
vfnmadd231ps ymm1, ymm3, [rip+0x2AA]  ; 0x3F318000
vfnmadd231ps ymm1, ymm3, [rip+0x341]  ; 0xB95E8083
vbroadcastss ymm4, dword ptr [rip+0x1D8]  ; 0x39506967
vfmadd213ps ymm4, ymm1, [rip+0x1EF]  ; 0x3AB743CE
vfmadd213ps ymm4, ymm1, [rip+0x206]  ; 0x3C088908
vfmadd213ps ymm4, ymm1, [rip+0x21D]  ; 0x3D2AA9C1
vfmadd213ps ymm4, ymm1, [rip+0x234]  ; 0x3E2AAAAA
vfmadd213ps ymm4, ymm1, [rip+0x24B]  ; 0x3F000000
vmulps ymm4, ymm4, ymm1
vfmadd213ps ymm4, ymm1, ymm1
vaddps ymm1, ymm4, [rip+0x27A]  ; 0x3F800000
vcvtps2dq ymm5, ymm3
vpaddd ymm5, ymm5, [rip+0x16E]  ; 0x0000007F
vpslld ymm5, ymm5, 0x17
vmulps ymm1, ymm1, ymm5
vaddps ymm3, ymm1, [rip+0x25D]  ; 0x3F800000
vbroadcastss ymm2, dword ptr [rip+0x254]  ; 0x3F800000
vdivps ymm2, ymm2, ymm3
vdivps ymm1, ymm1, ymm3
vcmpps ymm3, ymm0, [rip+0x123], 0x01  ; 0x00000000
vblendvps ymm2, ymm2, ymm1, ymm3
vmovaps ymm0, ymm2
vmovups [rcx], ymm0
add rax, 0x20
add rcx, 0x20
sub rdx, 0x08
jnl -0xE2
add rdx, 0x08
test rdx, rdx
jz +0xED
vmovss xmm0, dword ptr [rax]
vmovaps ymm1, ymm0
vorps ymm1, ymm1, [rip+0x266]  ; 0x80000000
vbroadcastss ymm5, dword ptr [rip+0x29D]  ; 0xC2B00000
vmaxps ymm1, ymm5, ymm1
vbroadcastss ymm5, dword ptr [rip+0x230]  ; 0x42B20000
vminps ymm1, ymm5, ymm1
vmulps ymm3, ymm1, [rip+0x204]  ; 0x3FB8AA3B
vroundps ymm3, ymm3, 0x00
vfnmadd231ps ymm1, ymm3, [rip+0x1B5]  ; 0x3F318000
vfnmadd231ps ymm1, ymm3, [rip+0x24C]  ; 0xB95E8083
vbroadcastss ymm4, dword ptr [rip+0xE3]  ; 0x39506967
vfmadd213ps ymm4, ymm1, [rip+0xFA]  ; 0x3AB743CE
vfmadd213ps ymm4, ymm1, [rip+0x111]  ; 0x3C088908
vfmadd213ps ymm4, ymm1, [rip+0x128]  ; 0x3D2AA9C1
vfmadd213ps ymm4, ymm1, [rip+0x13F]  ; 0x3E2AAAAA
vfmadd213ps ymm4, ymm1, [rip+0x156]  ; 0x3F000000
vmulps ymm4, ymm4, ymm1
vfmadd213ps ymm4, ymm1, ymm1
vaddps ymm1, ymm4, [rip+0x185]  ; 0x3F800000
vcvtps2dq ymm5, ymm3
vpaddd ymm5, ymm5, [rip+0x79]  ; 0x0000007F
vpslld ymm5, ymm5, 0x17
vmulps ymm1, ymm1, ymm5
vaddps ymm3, ymm1, [rip+0x168]  ; 0x3F800000
vbroadcastss ymm2, dword ptr [rip+0x15F]  ; 0x3F800000
vdivps ymm2, ymm2, ymm3
vdivps ymm1, ymm1, ymm3
vcmpps ymm3, ymm0, [rip+0x2E], 0x01  ; 0x00000000
vblendvps ymm2, ymm2, ymm1, ymm3
vmovaps ymm0, ymm2
vmovss [rcx], xmm0
add rax, 0x04
add rcx, 0x04
dec rdx
jnz -0xE1
vzeroupper
ret
