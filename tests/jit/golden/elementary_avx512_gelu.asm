; FNV-1a of the code: d54259393dc30e1e
mov rax, [rdi]
mov rcx, [rdi+0x08]
mov rdx, [rdi+0x10]
sub rdx, 0x10
jl +0x1CF
vmovups zmm0, zmmword ptr [rax]
vandps zmm2, zmm0, [rip+0x3DB] {1to16}  ; 0x7FFFFFFF
vmulps zmm2, zmm2, [rip+0x3B9] {1to16}  ; 0x3F3504F3
vbroadcastss zmm3, dword ptr [rip+0x3BF]  ; 0x41400000
vminps zmm2, zmm3, zmm2
vmulps zmm4, zmm2, zmm2
vbroadcastss zmm3, dword ptr [rip+0x3BD]  ; 0xBA1C7000
vfmadd213ps zmm3, zmm4, [rip+0x36B] {1to16}  ; 0x3BA38D2C
vfmadd213ps zmm3, zmm4, [rip+0x3B1] {1to16}  ; 0xBCDB48D9
vfmadd213ps zmm3, zmm4, [rip+0x367] {1to16}  ; 0x3DE70E22
vfmadd213ps zmm3, zmm4, [rip+0x3A9] {1to16}  ; 0xBEC09380
vfmadd213ps zmm3, zmm4, [rip+0x357] {1to16}  ; 0x3E0375D4
vfmadd213ps zmm3, zmm2, zmm2
vmulps zmm3, zmm3, [rip+0x393] {1to16}  ; 0xBF000000
vaddps zmm3, zmm3, [rip+0x345] {1to16}  ; 0x3F000000
vbroadcastss zmm1, dword ptr [rip+0x35F]  ; 0xB7910000
vfmadd213ps zmm1, zmm2, [rip+0x30D] {1to16}  ; 0x39C8E7D9
vfmadd213ps zmm1, zmm2, [rip+0x357] {1to16}  ; 0xBB7E8A1C
vfmadd213ps zmm1, zmm2, [rip+0x309] {1to16}  ; 0x3CC6B1A1
vfmadd213ps zmm1, zmm2, [rip+0x34B] {1to16}  ; 0xBDDAAE5C
vfmadd213ps zmm1, zmm2, [rip+0x351] {1to16}  ; 0xBF228550
vfmadd213ps zmm1, zmm2, [rip+0x33B] {1to16}  ; 0xBE03CE86
vfmsub213ps zmm1, zmm2, zmm2
vbroadcastss zmm6, dword ptr [rip+0x33B]  ; 0xC2DC0000
vmaxps zmm1, zmm6, zmm1
vbroadcastss zmm6, dword ptr [rip+0x2FB]  ; 0x42B20000
vminps zmm1, zmm6, zmm1
vmulps zmm4, zmm1, [rip+0x2E3] {1to16}  ; 0x3FB8AA3B
vrndscaleps zmm4, zmm4, 0x00
vfnmadd231ps zmm1, zmm4, [rip+0x2C2] {1to16}  ; 0x3F318000
vfnmadd231ps zmm1, zmm4, [rip+0x2DC] {1to16}  ; 0xB95E8083
vbroadcastss zmm5, dword ptr [rip+0x282]  ; 0x39506967
vfmadd213ps zmm5, zmm1, [rip+0x280] {1to16}  ; 0x3AB743CE
vfmadd213ps zmm5, zmm1, [rip+0x27E] {1to16}  ; 0x3C088908
vfmadd213ps zmm5, zmm1, [rip+0x27C] {1to16}  ; 0x3D2AA9C1
vfmadd213ps zmm5, zmm1, [rip+0x27E] {1to16}  ; 0x3E2AAAAA
vfmadd213ps zmm5, zmm1, [rip+0x278] {1to16}  ; 0x3F000000
vmulps zmm5, zmm5, zmm1
vfmadd213ps zmm5, zmm1, zmm1
vaddps zmm1, zmm5, [rip+0x272] {1to16}  ; 0x3F800000
vscalefps zmm1, zmm1, zmm4
vmulps zmm1, zmm1, [rip+0x252] {1to16}  ; 0x3F000000
vcmpps k1, zmm2, [rip+0x253] {1to16}, 0x01  ; 0x3F6C0000
vblendmps zmm1 {k1}, zmm1, zmm3
vbroadcastss zmm2, dword ptr [rip+0x247]  ; 0x3F800000
vsubps zmm2, zmm2, zmm1
vcmpps k1, zmm0, [rip+0x1FA] {1to16}, 0x01  ; 0x00000000
vblendmps zmm2 {k1}, zmm2, zmm1
vmulps zmm0, zmm0, zmm2
vmovups zmmword ptr [rcx], zmm0
add rax, 0x40
add rcx, 0x40
sub rdx, 0x10
jnl -0x1C3
add rdx, 0x10
test rdx, rdx
jz +0x1CA
vmovss xmm0, dword ptr [rax]
vandps zmm2, zmm0, [rip+0x207] {1to16}  ; 0x7FFFFFFF
vmulps zmm2, zmm2, [rip+0x1E5] {1to16}  ; 0x3F3504F3
vbroadcastss zmm3, dword ptr [rip+0x1EB]  ; 0x41400000
vminps zmm2, zmm3, zmm2
vmulps zmm4, zmm2, zmm2
vbroadcastss zmm3, dword ptr [rip+0x1E9]  ; 0xBA1C7000
vfmadd213ps zmm3, zmm4, [rip+0x197] {1to16}  ; 0x3BA38D2C
vfmadd213ps zmm3, zmm4, [rip+0x1DD] {1to16}  ; 0xBCDB48D9
vfmadd213ps zmm3, zmm4, [rip+0x193] {1to16}  ; 0x3DE70E22
vfmadd213ps zmm3, zmm4, [rip+0x1D5] {1to16}  ; 0xBEC09380
vfmadd213ps zmm3, zmm4, [rip+0x183] {1to16}  ; 0x3E0375D4
vfmadd213ps zmm3, zmm2, zmm2
vmulps zmm3, zmm3, [rip+0x1BF] {1to16}  ; 0xBF000000
vaddps zmm3, zmm3, [rip+0x171] {1to16}  ; 0x3F000000
vbroadcastss zmm1, dword ptr [rip+0x18B]  ; 0xB7910000
vfmadd213ps zmm1, zmm2, [rip+0x139] {1to16}  ; 0x39C8E7D9
vfmadd213ps zmm1, zmm2, [rip+0x183] {1to16}  ; 0xBB7E8A1C
vfmadd213ps zmm1, zmm2, [rip+0x135] {1to16}  ; 0x3CC6B1A1
vfmadd213ps zmm1, zmm2, [rip+0x177] {1to16}  ; 0xBDDAAE5C
vfmadd213ps zmm1, zmm2, [rip+0x17D] {1to16}  ; 0xBF228550
vfmadd213ps zmm1, zmm2, [rip+0x167] {1to16}  ; 0xBE03CE86
vfmsub213ps zmm1, zmm2, zmm2
vbroadcastss zmm6, dword ptr [rip+0x167]  ; 0xC2DC0000
vmaxps zmm1, zmm6, zmm1
vbroadcastss zmm6, dword ptr [rip+0x127]  ; 0x42B20000
vminps zmm1, zmm6, zmm1
vmulps zmm4, zmm1, [rip+0x10F] {1to16}  ; 0x3FB8AA3B
vrndscaleps zmm4, zmm4, 0x00
vfnmadd231ps zmm1, zmm4, [rip+0xEE] {1to16}  ; 0x3F318000
vfnmadd231ps zmm1, zmm4, [rip+0x108] {1to16}  ; 0xB95E8083
vbroadcastss zmm5, dword ptr [rip+0xAE]  ; 0x39506967
vfmadd213ps zmm5, zmm1, [rip+0xAC] {1to16}  ; 0x3AB743CE
vfmadd213ps zmm5, zmm1, [rip+0xAA] {1to16}  ; 0x3C088908
vfmadd213ps zmm5, zmm1, [rip+0xA8] {1to16}  ; 0x3D2AA9C1
vfmadd213ps zmm5, zmm1, [rip+0xAA] {1to16}  ; 0x3E2AAAAA
vfmadd213ps zmm5, zmm1, [rip+0xA4] {1to16}  ; 0x3F000000
vmulps zmm5, zmm5, zmm1
vfmadd213ps zmm5, zmm1, zmm1
vaddps zmm1, zmm5, [rip+0x9E] {1to16}  ; 0x3F800000
vscalefps zmm1, zmm1, zmm4
vmulps zmm1, zmm1, [rip+0x7E] {1to16}  ; 0x3F000000
vcmpps k1, zmm2, [rip+0x7F] {1to16}, 0x01  ; 0x3F6C0000
vblendmps zmm1 {k1}, zmm1, zmm3
vbroadcastss zmm2, dword ptr [rip+0x73]  ; 0x3F800000
vsubps zmm2, zmm2, zmm1
vcmpps k1, zmm0, [rip+0x26] {1to16}, 0x01  ; 0x00000000
vblendmps zmm2 {k1}, zmm2, zmm1
vmulps zmm0, zmm0, zmm2
vmovss [rcx], xmm0
add rax, 0x04
add rcx, 0x04
dec rdx
jnz -0x1BE
vzeroupper
ret
