; FNV-1a of the code: dfa5afb564481355
mov rax, [rdi]
mov rcx, [rdi+0x08]
mov rdx, [rdi+0x10]
sub rdx, 0x08
jl +0x145
vmovups ymm0, [rax]
vandps ymm1, ymm0, [rip+0x47F]  ; 0x7FFFFFFF
vaddps ymm2, ymm1, ymm1
vbroadcastss ymm3, dword ptr [rip+0x432]  ; 0x42200000
vminps ymm2, ymm3, ymm2
vbroadcastss ymm5, dword ptr [rip+0x545]  ; 0xC2B00000
vmaxps ymm2, ymm5, ymm2
vbroadcastss ymm5, dword ptr [rip+0x438]  ; 0x42B20000
vminps ymm2, ymm5, ymm2
vmulps ymm3, ymm2, [rip+0x3EC]  ; 0x3FB8AA3B
vroundps ymm3, ymm3, 0x00
vfnmadd231ps ymm2, ymm3, [rip+0x39D]  ; 0x3F318000
vfnmadd231ps ymm2, ymm3, [rip+0x474]  ; 0xB95E8083
vbroadcastss ymm4, dword ptr [rip+0x26B]  ; 0x39506967
vfmadd213ps ymm4, ymm2, [rip+0x282]  ; 0x3AB743CE
vfmadd213ps ymm4, ymm2, [rip+0x299]  ; 0x3C088908
vfmadd213ps ymm4, ymm2, [rip+0x2D0]  ; 0x3D2AA9C1
vfmadd213ps ymm4, ymm2, [rip+0x307]  ; 0x3E2AAAAA
vfmadd213ps ymm4, ymm2, [rip+0x31E]  ; 0x3F000000
vmulps ymm4, ymm4, ymm2
vfmadd213ps ymm4, ymm2, ymm2
vaddps ymm2, ymm4, [rip+0x36D]  ; 0x3F800000
vcvtps2dq ymm5, ymm3
vpaddd ymm5, ymm5, [rip+0x201]  ; 0x0000007F
vpslld ymm5, ymm5, 0x17
vmulps ymm2, ymm2, ymm5
vaddps ymm2, ymm2, [rip+0x350]  ; 0x3F800000
vbroadcastss ymm3, dword ptr [rip+0x487]  ; 0xC0000000
vdivps ymm2, ymm3, ymm2
vaddps ymm2, ymm2, [rip+0x33B]  ; 0x3F800000
vandps ymm3, ymm0, [rip+0x3D3]  ; 0x80000000
vorps ymm2, ymm2, ymm3
vmulps ymm4, ymm0, ymm0
vbroadcastss ymm3, dword ptr [rip+0x402]  ; 0xBBBAF0EA
vfmadd213ps ymm3, ymm4, [rip+0x239]  ; 0x3CA9134E
vfmadd213ps ymm3, ymm4, [rip+0x410]  ; 0xBD5C1E2D
vfmadd213ps ymm3, ymm4, [rip+0x267]  ; 0x3E088393
vfmadd213ps ymm3, ymm4, [rip+0x41E]  ; 0xBEAAAA99
vmulps ymm3, ymm3, ymm4
vfmadd213ps ymm3, ymm0, ymm0
vcmpps ymm5, ymm1, [rip+0x2AC], 0x01  ; 0x3F200000
vblendvps ymm2, ymm2, ymm3, ymm5
vmovaps ymm0, ymm2
vmovups [rcx], ymm0
add rax, 0x20
add rcx, 0x20
sub rdx, 0x08
jnl -0x139
add rdx, 0x08
test rdx, rdx
jz +0x144
vmovss xmm0, dword ptr [rax]
vandps ymm1, ymm0, [rip+0x333]  ; 0x7FFFFFFF
vaddps ymm2, ymm1, ymm1
vbroadcastss ymm3, dword ptr [rip+0x2E6]  ; 0x42200000
vminps ymm2, ymm3, ymm2
vbroadcastss ymm5, dword ptr [rip+0x3F9]  ; 0xC2B00000
vmaxps ymm2, ymm5, ymm2
vbroadcastss ymm5, dword ptr [rip+0x2EC]  ; 0x42B20000
vminps ymm2, ymm5, ymm2
vmulps ymm3, ymm2, [rip+0x2A0]  ; 0x3FB8AA3B
vroundps ymm3, ymm3, 0x00
vfnmadd231ps ymm2, ymm3, [rip+0x251]  ; 0x3F318000
vfnmadd231ps ymm2, ymm3, [rip+0x328]  ; 0xB95E8083
vbroadcastss ymm4, dword ptr [rip+0x11F]  ; 0x39506967
vfmadd213ps ymm4, ymm2, [rip+0x136]  ; 0x3AB743CE
vfmadd213ps ymm4, ymm2, [rip+0x14D]  ; 0x3C088908
vfmadd213ps ymm4, ymm2, [rip+0x184]  ; 0x3D2AA9C1
vfmadd213ps ymm4, ymm2, [rip+0x1BB]  ; 0x3E2AAAAA
vfmadd213ps ymm4, ymm2, [rip+0x1D2]  ; 0x3F000000
vmulps ymm4, ymm4, ymm2
vfmadd213ps ymm4, ymm2, ymm2
vaddps ymm2, ymm4, [rip+0x221]  ; 0x3F800000
vcvtps2dq ymm5, ymm3
vpaddd ymm5, ymm5, [rip+0xB5]  ; 0x0000007F
vpslld ymm5, ymm5, 0x17
vmulps ymm2, ymm2, ymm5
vaddps ymm2, ymm2, [rip+0x204]  ; 0x3F800000
vbroadcastss ymm3, dword ptr [rip+0x33B]  ; 0xC0000000
vdivps ymm2, ymm3, ymm2
vaddps ymm2, ymm2, [rip+0x1EF]  ; 0x3F800000
vandps ymm3, ymm0, [rip+0x287]  ; 0x80000000
vorps ymm2, ymm2, ymm3
vmulps ymm4, ymm0, ymm0
vbroadcastss ymm3, dword ptr [rip+0x2B6]  ; 0xBBBAF0EA
vfmadd213ps ymm3, ymm4, [rip+0xED]  ; 0x3CA9134E
vfmadd213ps ymm3, ymm4, [rip+0x2C4]  ; 0xBD5C1E2D
vfmadd213ps ymm3, ymm4, [rip+0x11B]  ; 0x3E088393
vfmadd213ps ymm3, ymm4, [rip+0x2D2]  ; 0xBEAAAA99
vmulps ymm3, ymm3, ymm4
vfmadd213ps ymm3, ymm0, ymm0
vcmpps ymm5, ymm1, [rip+0x160], 0x01  ; 0x3F200000
vblendvps ymm2, ymm2, ymm3, ymm5
vmovaps ymm0, ymm2
vmovss [rcx], xmm0
add rax, 0x04
add rcx, 0x04
dec rdx
jnz -0x138
vzeroupper
ret
