; FNV-1a of the code: ed4a4e18e4a941e6
push rbx
push rbp
mov rdx, [rdi]
mov r8, [rdi+0x10]
mov r10, [rdi+0x20]
mov rbx, [rdi+0x28]
mov rax, [rdi+0x60]
mov rsi, rdx
mov r9, r8
mov r11, r10
mov rbp, rbx
mov rcx, [rdi+0x68]
nop [rax+rax*1], ax
nop [rax+rax*1], ax
nop [rax+rax*1], ax
vmovups zmm1, zmmword ptr [rsi]
vmovaps zmm3, zmm1
vorps zmm3, zmm3, [rip+0x5FE] {1to16}  ; 0x80000000
vbroadcastss zmm7, dword ptr [rip+0x60C]  ; 0xC2DC0000
vmaxps zmm3, zmm7, zmm3
vbroadcastss zmm7, dword ptr [rip+0x5DC]  ; 0x42B20000
vminps zmm3, zmm7, zmm3
vmulps zmm5, zmm3, [rip+0x5C4] {1to16}  ; 0x3FB8AA3B
vrndscaleps zmm5, zmm5, 0x00
vfnmadd231ps zmm3, zmm5, [rip+0x5AB] {1to16}  ; 0x3F318000
vfnmadd231ps zmm3, zmm5, [rip+0x5BD] {1to16}  ; 0xB95E8083
vbroadcastss zmm6, dword ptr [rip+0x573]  ; 0x39506967
vfmadd213ps zmm6, zmm3, [rip+0x56D] {1to16}  ; 0x3AB743CE
vfmadd213ps zmm6, zmm3, [rip+0x567] {1to16}  ; 0x3C088908
vfmadd213ps zmm6, zmm3, [rip+0x565] {1to16}  ; 0x3D2AA9C1
vfmadd213ps zmm6, zmm3, [rip+0x563] {1to16}  ; 0x3E2AAAAA
vfmadd213ps zmm6, zmm3, [rip+0x55D] {1to16}  ; 0x3F000000
vmulps zmm6, zmm6, zmm3
vfmadd213ps zmm6, zmm3, zmm3
vaddps zmm3, zmm6, [rip+0x553] {1to16}  ; 0x3F800000
vscalefps zmm3, zmm3, zmm5
vaddps zmm5, zmm3, [rip+0x543] {1to16}  ; 0x3F800000
vbroadcastss zmm4, dword ptr [rip+0x539]  ; 0x3F800000
vdivps zmm4, zmm4, zmm5
vdivps zmm3, zmm3, zmm5
vcmpps k1, zmm1, [rip+0x4F6] {1to16}, 0x01  ; 0x00000000
vblendmps zmm4 {k1}, zmm4, zmm3
vmovaps zmm1, zmm4
vmovups zmm2, zmmword ptr [rsi+0x80]
vandps zmm3, zmm2, [rip+0x515] {1to16}  ; 0x7FFFFFFF
vaddps zmm4, zmm3, zmm3
vbroadcastss zmm5, dword ptr [rip+0x4FD]  ; 0x42200000
vminps zmm4, zmm5, zmm4
vbroadcastss zmm7, dword ptr [rip+0x511]  ; 0xC2DC0000
vmaxps zmm4, zmm7, zmm4
vbroadcastss zmm7, dword ptr [rip+0x4E1]  ; 0x42B20000
vminps zmm4, zmm7, zmm4
vmulps zmm5, zmm4, [rip+0x4C9] {1to16}  ; 0x3FB8AA3B
vrndscaleps zmm5, zmm5, 0x00
vfnmadd231ps zmm4, zmm5, [rip+0x4B0] {1to16}  ; 0x3F318000
vfnmadd231ps zmm4, zmm5, [rip+0x4C2] {1to16}  ; 0xB95E8083
vbroadcastss zmm6, dword ptr [rip+0x478]  ; 0x39506967
vfmadd213ps zmm6, zmm4, [rip+0x472] {1to16}  ; 0x3AB743CE
vfmadd213ps zmm6, zmm4, [rip+0x46C] {1to16}  ; 0x3C088908
vfmadd213ps zmm6, zmm4, [rip+0x46A] {1to16}  ; 0x3D2AA9C1
vfmadd213ps zmm6, zmm4, [rip+0x468] {1to16}  ; 0x3E2AAAAA
vfmadd213ps zmm6, zmm4, [rip+0x462] {1to16}  ; 0x3F000000
vmulps zmm6, zmm6, zmm4
vfmadd213ps zmm6, zmm4, zmm4
vaddps zmm4, zmm6, [rip+0x458] {1to16}  ; 0x3F800000
vscalefps zmm4, zmm4, zmm5
vaddps zmm4, zmm4, [rip+0x448] {1to16}  ; 0x3F800000
vbroadcastss zmm5, dword ptr [rip+0x466]  ; 0xC0000000
vdivps zmm4, zmm5, zmm4
vaddps zmm4, zmm4, [rip+0x42E] {1to16}  ; 0x3F800000
vandps zmm5, zmm2, [rip+0x438] {1to16}  ; 0x80000000
vorps zmm4, zmm4, zmm5
vmulps zmm6, zmm2, zmm2
vbroadcastss zmm5, dword ptr [rip+0x42A]  ; 0xBBBAF0EA
vfmadd213ps zmm5, zmm6, [rip+0x3E8] {1to16}  ; 0x3CA9134E
vfmadd213ps zmm5, zmm6, [rip+0x41A] {1to16}  ; 0xBD5C1E2D
vfmadd213ps zmm5, zmm6, [rip+0x3DC] {1to16}  ; 0x3E088393
vfmadd213ps zmm5, zmm6, [rip+0x40A] {1to16}  ; 0xBEAAAA99
vmulps zmm5, zmm5, zmm6
vfmadd213ps zmm5, zmm2, zmm2
vcmpps k1, zmm3, [rip+0x3C7] {1to16}, 0x01  ; 0x3F200000
vblendmps zmm4 {k1}, zmm4, zmm5
vmovaps zmm2, zmm4
vmulps zmm1, zmm1, zmm2
vmovups zmm2, zmmword ptr [rsi+0x40]
vmovaps zmm3, zmm2
vorps zmm3, zmm3, [rip+0x3BA] {1to16}  ; 0x80000000
vbroadcastss zmm7, dword ptr [rip+0x3C8]  ; 0xC2DC0000
vmaxps zmm3, zmm7, zmm3
vbroadcastss zmm7, dword ptr [rip+0x398]  ; 0x42B20000
vminps zmm3, zmm7, zmm3
vmulps zmm5, zmm3, [rip+0x380] {1to16}  ; 0x3FB8AA3B
vrndscaleps zmm5, zmm5, 0x00
vfnmadd231ps zmm3, zmm5, [rip+0x367] {1to16}  ; 0x3F318000
vfnmadd231ps zmm3, zmm5, [rip+0x379] {1to16}  ; 0xB95E8083
vbroadcastss zmm6, dword ptr [rip+0x32F]  ; 0x39506967
vfmadd213ps zmm6, zmm3, [rip+0x329] {1to16}  ; 0x3AB743CE
vfmadd213ps zmm6, zmm3, [rip+0x323] {1to16}  ; 0x3C088908
vfmadd213ps zmm6, zmm3, [rip+0x321] {1to16}  ; 0x3D2AA9C1
vfmadd213ps zmm6, zmm3, [rip+0x31F] {1to16}  ; 0x3E2AAAAA
vfmadd213ps zmm6, zmm3, [rip+0x319] {1to16}  ; 0x3F000000
vmulps zmm6, zmm6, zmm3
vfmadd213ps zmm6, zmm3, zmm3
vaddps zmm3, zmm6, [rip+0x30F] {1to16}  ; 0x3F800000
vscalefps zmm3, zmm3, zmm5
vaddps zmm5, zmm3, [rip+0x2FF] {1to16}  ; 0x3F800000
vbroadcastss zmm4, dword ptr [rip+0x2F5]  ; 0x3F800000
vdivps zmm4, zmm4, zmm5
vdivps zmm3, zmm3, zmm5
vcmpps k1, zmm2, [rip+0x2B2] {1to16}, 0x01  ; 0x00000000
vblendmps zmm4 {k1}, zmm4, zmm3
vmovaps zmm2, zmm4
vmovups zmm0, zmmword ptr [r9]
vfmadd213ps zmm0, zmm2, zmm1
vmovups zmmword ptr [r9], zmm0
vmovups zmm2, zmmword ptr [rsi+0xC0]
vmovaps zmm3, zmm2
vorps zmm3, zmm3, [rip+0x2BD] {1to16}  ; 0x80000000
vbroadcastss zmm7, dword ptr [rip+0x2CB]  ; 0xC2DC0000
vmaxps zmm3, zmm7, zmm3
vbroadcastss zmm7, dword ptr [rip+0x29B]  ; 0x42B20000
vminps zmm3, zmm7, zmm3
vmulps zmm5, zmm3, [rip+0x283] {1to16}  ; 0x3FB8AA3B
vrndscaleps zmm5, zmm5, 0x00
vfnmadd231ps zmm3, zmm5, [rip+0x26A] {1to16}  ; 0x3F318000
vfnmadd231ps zmm3, zmm5, [rip+0x27C] {1to16}  ; 0xB95E8083
vbroadcastss zmm6, dword ptr [rip+0x232]  ; 0x39506967
vfmadd213ps zmm6, zmm3, [rip+0x22C] {1to16}  ; 0x3AB743CE
vfmadd213ps zmm6, zmm3, [rip+0x226] {1to16}  ; 0x3C088908
vfmadd213ps zmm6, zmm3, [rip+0x224] {1to16}  ; 0x3D2AA9C1
vfmadd213ps zmm6, zmm3, [rip+0x222] {1to16}  ; 0x3E2AAAAA
vfmadd213ps zmm6, zmm3, [rip+0x21C] {1to16}  ; 0x3F000000
vmulps zmm6, zmm6, zmm3
vfmadd213ps zmm6, zmm3, zmm3
vaddps zmm3, zmm6, [rip+0x212] {1to16}  ; 0x3F800000
vscalefps zmm3, zmm3, zmm5
vaddps zmm5, zmm3, [rip+0x202] {1to16}  ; 0x3F800000
vbroadcastss zmm4, dword ptr [rip+0x1F8]  ; 0x3F800000
vdivps zmm4, zmm4, zmm5
vdivps zmm3, zmm3, zmm5
vcmpps k1, zmm2, [rip+0x1B5] {1to16}, 0x01  ; 0x00000000
vblendmps zmm4 {k1}, zmm4, zmm3
vmovaps zmm2, zmm4
vandps zmm3, zmm0, [rip+0x1DB] {1to16}  ; 0x7FFFFFFF
vaddps zmm4, zmm3, zmm3
vbroadcastss zmm5, dword ptr [rip+0x1C3]  ; 0x42200000
vminps zmm4, zmm5, zmm4
vbroadcastss zmm7, dword ptr [rip+0x1D7]  ; 0xC2DC0000
vmaxps zmm4, zmm7, zmm4
vbroadcastss zmm7, dword ptr [rip+0x1A7]  ; 0x42B20000
vminps zmm4, zmm7, zmm4
vmulps zmm5, zmm4, [rip+0x18F] {1to16}  ; 0x3FB8AA3B
vrndscaleps zmm5, zmm5, 0x00
vfnmadd231ps zmm4, zmm5, [rip+0x176] {1to16}  ; 0x3F318000
vfnmadd231ps zmm4, zmm5, [rip+0x188] {1to16}  ; 0xB95E8083
vbroadcastss zmm6, dword ptr [rip+0x13E]  ; 0x39506967
vfmadd213ps zmm6, zmm4, [rip+0x138] {1to16}  ; 0x3AB743CE
vfmadd213ps zmm6, zmm4, [rip+0x132] {1to16}  ; 0x3C088908
vfmadd213ps zmm6, zmm4, [rip+0x130] {1to16}  ; 0x3D2AA9C1
vfmadd213ps zmm6, zmm4, [rip+0x12E] {1to16}  ; 0x3E2AAAAA
vfmadd213ps zmm6, zmm4, [rip+0x128] {1to16}  ; 0x3F000000
vmulps zmm6, zmm6, zmm4
vfmadd213ps zmm6, zmm4, zmm4
vaddps zmm4, zmm6, [rip+0x11E] {1to16}  ; 0x3F800000
vscalefps zmm4, zmm4, zmm5
vaddps zmm4, zmm4, [rip+0x10E] {1to16}  ; 0x3F800000
vbroadcastss zmm5, dword ptr [rip+0x12C]  ; 0xC0000000
vdivps zmm4, zmm5, zmm4
vaddps zmm4, zmm4, [rip+0xF4] {1to16}  ; 0x3F800000
vandps zmm5, zmm0, [rip+0xFE] {1to16}  ; 0x80000000
vorps zmm4, zmm4, zmm5
vmulps zmm6, zmm0, zmm0
vbroadcastss zmm5, dword ptr [rip+0xF0]  ; 0xBBBAF0EA
vfmadd213ps zmm5, zmm6, [rip+0xAE] {1to16}  ; 0x3CA9134E
vfmadd213ps zmm5, zmm6, [rip+0xE0] {1to16}  ; 0xBD5C1E2D
vfmadd213ps zmm5, zmm6, [rip+0xA2] {1to16}  ; 0x3E088393
vfmadd213ps zmm5, zmm6, [rip+0xD0] {1to16}  ; 0xBEAAAA99
vmulps zmm5, zmm5, zmm6
vfmadd213ps zmm5, zmm0, zmm0
vcmpps k1, zmm3, [rip+0x8D] {1to16}, 0x01  ; 0x3F200000
vblendmps zmm4 {k1}, zmm4, zmm5
vmovaps zmm0, zmm4
vmulps zmm2, zmm2, zmm0
vmovaps zmm3, zmm2
vcvtneps2bf16 ymm3, zmm3
vmovups [rbp], ymm3
vcvtneps2bf16 ymm2, zmm2
vmovups [r11], ymm2
add rsi, 0x100
add r9, 0x40
add r11, 0x20
add rbp, 0x20
dec rcx
jnz -0x5AF
add rdx, [rdi+0x30]
add r8, [rdi+0x40]
add r10, [rdi+0x50]
add rbx, [rdi+0x58]
dec rax
jnz -0x5F3
pop rbp
pop rbx
vzeroupper
ret
