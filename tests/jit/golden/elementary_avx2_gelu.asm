; FNV-1a of the code: d43ced17efaa4d7a
mov rax, [rdi]
mov rcx, [rdi+0x08]
mov rdx, [rdi+0x10]
sub rdx, 0x08
jl +0x19D
vmovups ymm0, [rax]
vandps ymm2, ymm0, [rip+0x5BF]  ; 0x7FFFFFFF
vmulps ymm2, ymm2, [rip+0x4F7]  ; 0x3F3504F3
vbroadcastss ymm3, dword ptr [rip+0x56E]  ; 0x41400000
vminps ymm2, ymm3, ymm2
vmulps ymm4, ymm2, ymm2
vbroadcastss ymm3, dword ptr [rip+0x5FD]  ; 0xBA1C7000
vfmadd213ps ymm3, ymm4, [rip+0x3B4]  ; 0x3BA38D2C
vfmadd213ps ymm3, ymm4, [rip+0x62B]  ; 0xBCDB48D9
vfmadd213ps ymm3, ymm4, [rip+0x422]  ; 0x3DE70E22
vfmadd213ps ymm3, ymm4, [rip+0x679]  ; 0xBEC09380
vfmadd213ps ymm3, ymm4, [rip+0x430]  ; 0x3E0375D4
vfmadd213ps ymm3, ymm2, ymm2
vmulps ymm3, ymm3, [rip+0x683]  ; 0xBF000000
vaddps ymm3, ymm3, [rip+0x45B]  ; 0x3F000000
vbroadcastss ymm1, dword ptr [rip+0x572]  ; 0xB7910000
vfmadd213ps ymm1, ymm2, [rip+0x329]  ; 0x39C8E7D9
vfmadd213ps ymm1, ymm2, [rip+0x5C0]  ; 0xBB7E8A1C
vfmadd213ps ymm1, ymm2, [rip+0x397]  ; 0x3CC6B1A1
vfmadd213ps ymm1, ymm2, [rip+0x5EE]  ; 0xBDDAAE5C
vfmadd213ps ymm1, ymm2, [rip+0x665]  ; 0xBF228550
vfmadd213ps ymm1, ymm2, [rip+0x5FC]  ; 0xBE03CE86
vfmsub213ps ymm1, ymm2, ymm2
vbroadcastss ymm6, dword ptr [rip+0x66E]  ; 0xC2B00000
vmaxps ymm1, ymm6, ymm1
vbroadcastss ymm6, dword ptr [rip+0x4E1]  ; 0x42B20000
vminps ymm1, ymm6, ymm1
vmulps ymm4, ymm1, [rip+0x495]  ; 0x3FB8AA3B
vroundps ymm4, ymm4, 0x00
vfnmadd231ps ymm1, ymm4, [rip+0x406]  ; 0x3F318000
vfnmadd231ps ymm1, ymm4, [rip+0x51D]  ; 0xB95E8083
vbroadcastss ymm5, dword ptr [rip+0x294]  ; 0x39506967
vfmadd213ps ymm5, ymm1, [rip+0x2CB]  ; 0x3AB743CE
vfmadd213ps ymm5, ymm1, [rip+0x302]  ; 0x3C088908
vfmadd213ps ymm5, ymm1, [rip+0x339]  ; 0x3D2AA9C1
vfmadd213ps ymm5, ymm1, [rip+0x390]  ; 0x3E2AAAAA
vfmadd213ps ymm5, ymm1, [rip+0x3A7]  ; 0x3F000000
vmulps ymm5, ymm5, ymm1
vfmadd213ps ymm5, ymm1, ymm1
vaddps ymm1, ymm5, [rip+0x416]  ; 0x3F800000
vcvtps2dq ymm6, ymm4
vpaddd ymm6, ymm6, [rip+0x22A]  ; 0x0000007F
vpslld ymm6, ymm6, 0x17
vmulps ymm1, ymm1, ymm6
vmulps ymm1, ymm1, [rip+0x379]  ; 0x3F000000
vcmpps ymm4, ymm2, [rip+0x3D0], 0x01  ; 0x3F6C0000
vblendvps ymm1, ymm1, ymm3, ymm4
vbroadcastss ymm2, dword ptr [rip+0x3E1]  ; 0x3F800000
vsubps ymm2, ymm2, ymm1
vcmpps ymm3, ymm0, [rip+0x1D4], 0x01  ; 0x00000000
vblendvps ymm2, ymm2, ymm1, ymm3
vmulps ymm0, ymm0, ymm2
vmovups [rcx], ymm0
add rax, 0x20
add rcx, 0x20
sub rdx, 0x08
jnl -0x191
add rdx, 0x08
test rdx, rdx
jz +0x19C
vmovss xmm0, dword ptr [rax]
vandps ymm2, ymm0, [rip+0x41B]  ; 0x7FFFFFFF
vmulps ymm2, ymm2, [rip+0x353]  ; 0x3F3504F3
vbroadcastss ymm3, dword ptr [rip+0x3CA]  ; 0x41400000
vminps ymm2, ymm3, ymm2
vmulps ymm4, ymm2, ymm2
vbroadcastss ymm3, dword ptr [rip+0x459]  ; 0xBA1C7000
vfmadd213ps ymm3, ymm4, [rip+0x210]  ; 0x3BA38D2C
vfmadd213ps ymm3, ymm4, [rip+0x487]  ; 0xBCDB48D9
vfmadd213ps ymm3, ymm4, [rip+0x27E]  ; 0x3DE70E22
vfmadd213ps ymm3, ymm4, [rip+0x4D5]  ; 0xBEC09380
vfmadd213ps ymm3, ymm4, [rip+0x28C]  ; 0x3E0375D4
vfmadd213ps ymm3, ymm2, ymm2
vmulps ymm3, ymm3, [rip+0x4DF]  ; 0xBF000000
vaddps ymm3, ymm3, [rip+0x2B7]  ; 0x3F000000
vbroadcastss ymm1, dword ptr [rip+0x3CE]  ; 0xB7910000
vfmadd213ps ymm1, ymm2, [rip+0x185]  ; 0x39C8E7D9
vfmadd213ps ymm1, ymm2, [rip+0x41C]  ; 0xBB7E8A1C
vfmadd213ps ymm1, ymm2, [rip+0x1F3]  ; 0x3CC6B1A1
vfmadd213ps ymm1, ymm2, [rip+0x44A]  ; 0xBDDAAE5C
vfmadd213ps ymm1, ymm2, [rip+0x4C1]  ; 0xBF228550
vfmadd213ps ymm1, ymm2, [rip+0x458]  ; 0xBE03CE86
vfmsub213ps ymm1, ymm2, ymm2
vbroadcastss ymm6, dword ptr [rip+0x4CA]  ; 0xC2B00000
vmaxps ymm1, ymm6, ymm1
vbroadcastss ymm6, dword ptr [rip+0x33D]  ; 0x42B20000
vminps ymm1, ymm6, ymm1
vmulps ymm4, ymm1, [rip+0x2F1]  ; 0x3FB8AA3B
vroundps ymm4, ymm4, 0x00
vfnmadd231ps ymm1, ymm4, [rip+0x262]  ; 0x3F318000
vfnmadd231ps ymm1, ymm4, [rip+0x379]  ; 0xB95E8083
vbroadcastss ymm5, dword ptr [rip+0xF0]  ; 0x39506967
vfmadd213ps ymm5, ymm1, [rip+0x127]  ; 0x3AB743CE
vfmadd213ps ymm5, ymm1, [rip+0x15E]  ; 0x3C088908
vfmadd213ps ymm5, ymm1, [rip+0x195]  ; 0x3D2AA9C1
vfmadd213ps ymm5, ymm1, [rip+0x1EC]  ; 0x3E2AAAAA
vfmadd213ps ymm5, ymm1, [rip+0x203]  ; 0x3F000000
vmulps ymm5, ymm5, ymm1
vfmadd213ps ymm5, ymm1, ymm1
vaddps ymm1, ymm5, [rip+0x272]  ; 0x3F800000
vcvtps2dq ymm6, ymm4
vpaddd ymm6, ymm6, [rip+0x86]  ; 0x0000007F
vpslld ymm6, ymm6, 0x17
vmulps ymm1, ymm1, ymm6
vmulps ymm1, ymm1, [rip+0x1D5]  ; 0x3F000000
vcmpps ymm4, ymm2, [rip+0x22C], 0x01  ; 0x3F6C0000
vblendvps ymm1, ymm1, ymm3, ymm4
vbroadcastss ymm2, dword ptr [rip+0x23D]  ; 0x3F800000
vsubps ymm2, ymm2, ymm1
vcmpps ymm3, ymm0, [rip+0x30], 0x01  ; 0x00000000
vblendvps ymm2, ymm2, ymm1, ymm3
vmulps ymm0, ymm0, ymm2
vmovss [rcx], xmm0
add rax, 0x04
add rcx, 0x04
dec rdx
jnz -0x190
vzeroupper
ret
