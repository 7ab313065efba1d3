; FNV-1a of the code: df4adb500492d3c6
mov rax, [rdi]
mov rcx, [rdi+0x08]
mov rdx, [rdi+0x10]
sub rdx, 0x10
jl +0x108
vmovups zmm0, zmmword ptr [rax]
vmovaps zmm1, zmm0
vorps zmm1, zmm1, [rip+0x229] {1to16}  ; 0x80000000
vbroadcastss zmm5, dword ptr [rip+0x227]  ; 0xC2DC0000
vmaxps zmm1, zmm5, zmm1
vbroadcastss zmm5, dword ptr [rip+0x20B]  ; 0x42B20000
vminps zmm1, zmm5, zmm1
vmulps zmm3, zmm1, [rip+0x1F7] {1to16}  ; 0x3FB8AA3B
vrndscaleps zmm3, zmm3, 0x00
vfnmadd231ps zmm1, zmm3, [rip+0x1DE] {1to16}  ; 0x3F318000
vfnmadd231ps zmm1, zmm3, [rip+0x1E8] {1to16}  ; 0xB95E8083
vbroadcastss zmm4, dword ptr [rip+0x1B2]  ; 0x39506967
vfmadd213ps zmm4, zmm1, [rip+0x1AC] {1to16}  ; 0x3AB743CE
vfmadd213ps zmm4, zmm1, [rip+0x1A6] {1to16}  ; 0x3C088908
vfmadd213ps zmm4, zmm1, [rip+0x1A0] {1to16}  ; 0x3D2AA9C1
vfmadd213ps zmm4, zmm1, [rip+0x19A] {1to16}  ; 0x3E2AAAAA
vfmadd213ps zmm4, zmm1, [rip+0x194] {1to16}  ; 0x3F000000
vmulps zmm4, zmm4, zmm1
vfmadd213ps zmm4, zmm1, zmm1
vaddps zmm1, zmm4, [rip+0x186] {1to16}  ; 0x3F800000
vscalefps zmm1, zmm1, zmm3
vaddps zmm3, zmm1, [rip+0x176] {1to16}  ; 0x3F800000
vbroadcastss zmm2, dword ptr [rip+0x16C]  ; 0x3F800000
vdivps zmm2, zmm2, zmm3
vdivps zmm1, zmm1, zmm3
vcmpps k1, zmm0, [rip+0x135] {1to16}, 0x01  ; 0x00000000
vblendmps zmm2 {k1}, zmm2, zmm1
vmovaps zmm0, zmm2
vmovups zmmword ptr [rcx], zmm0
add rax, 0x40
add rcx, 0x40
sub rdx, 0x10
jnl -0xFC
add rdx, 0x10
test rdx, rdx
jz +0x103
vmovss xmm0, dword ptr [rax]
vmovaps zmm1, zmm0
vorps zmm1, zmm1, [rip+0x11C] {1to16}  ; 0x80000000
vbroadcastss zmm5, dword ptr [rip+0x11A]  ; 0xC2DC0000
vmaxps zmm1, zmm5, zmm1
vbroadcastss zmm5, dword ptr [rip+0xFE]  ; 0x42B20000
vminps zmm1, zmm5, zmm1
vmulps zmm3, zmm1, [rip+0xEA] {1to16}  ; 0x3FB8AA3B
vrndscaleps zmm3, zmm3, 0x00
vfnmadd231ps zmm1, zmm3, [rip+0xD1] {1to16}  ; 0x3F318000
vfnmadd231ps zmm1, zmm3, [rip+0xDB] {1to16}  ; 0xB95E8083
vbroadcastss zmm4, dword ptr [rip+0xA5]  ; 0x39506967
vfmadd213ps zmm4, zmm1, [rip+0x9F] {1to16}  ; 0x3AB743CE
vfmadd213ps zmm4, zmm1, [rip+0x99] {1to16}  ; 0x3C088908
vfmadd213ps zmm4, zmm1, [rip+0x93] {1to16}  ; 0x3D2AA9C1
vfmadd213ps zmm4, zmm1, [rip+0x8D] {1to16}  ; 0x3E2AAAAA
vfmadd213ps zmm4, zmm1, [rip+0x87] {1to16}  ; 0x3F000000
vmulps zmm4, zmm4, zmm1
vfmadd213ps zmm4, zmm1, zmm1
vaddps zmm1, zmm4, [rip+0x79] {1to16}  ; 0x3F800000
vscalefps zmm1, zmm1, zmm3
vaddps zmm3, zmm1, [rip+0x69] {1to16}  ; 0x3F800000
vbroadcastss zmm2, dword ptr [rip+0x5F]  ; 0x3F800000
vdivps zmm2, zmm2, zmm3
vdivps zmm1, zmm1, zmm3
vcmpps k1, zmm0, [rip+0x28] {1to16}, 0x01  ; 0x00000000
vblendmps zmm2 {k1}, zmm2, zmm1
vmovaps zmm0, zmm2
vmovss [rcx], xmm0
add rax, 0x04
add rcx, 0x04
dec rdx
jnz -0xF7
vzeroupper
ret
