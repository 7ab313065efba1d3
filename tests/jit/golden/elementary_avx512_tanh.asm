; FNV-1a of the code: edad4e7ba1715cdd
mov rax, [rdi]
mov rcx, [rdi+0x08]
mov rdx, [rdi+0x10]
sub rdx, 0x10
jl +0x170
vmovups zmm0, zmmword ptr [rax]
vandps zmm1, zmm0, [rip+0x30B] {1to16}  ; 0x7FFFFFFF
vaddps zmm2, zmm1, zmm1
vbroadcastss zmm3, dword ptr [rip+0x2F3]  ; 0x42200000
vminps zmm2, zmm3, zmm2
vbroadcastss zmm5, dword ptr [rip+0x307]  ; 0xC2DC0000
vmaxps zmm2, zmm5, zmm2
vbroadcastss zmm5, dword ptr [rip+0x2D7]  ; 0x42B20000
vminps zmm2, zmm5, zmm2
vmulps zmm3, zmm2, [rip+0x2BF] {1to16}  ; 0x3FB8AA3B
vrndscaleps zmm3, zmm3, 0x00
vfnmadd231ps zmm2, zmm3, [rip+0x2A6] {1to16}  ; 0x3F318000
vfnmadd231ps zmm2, zmm3, [rip+0x2B8] {1to16}  ; 0xB95E8083
vbroadcastss zmm4, dword ptr [rip+0x26E]  ; 0x39506967
vfmadd213ps zmm4, zmm2, [rip+0x268] {1to16}  ; 0x3AB743CE
vfmadd213ps zmm4, zmm2, [rip+0x262] {1to16}  ; 0x3C088908
vfmadd213ps zmm4, zmm2, [rip+0x260] {1to16}  ; 0x3D2AA9C1
vfmadd213ps zmm4, zmm2, [rip+0x25E] {1to16}  ; 0x3E2AAAAA
vfmadd213ps zmm4, zmm2, [rip+0x258] {1to16}  ; 0x3F000000
vmulps zmm4, zmm4, zmm2
vfmadd213ps zmm4, zmm2, zmm2
vaddps zmm2, zmm4, [rip+0x24E] {1to16}  ; 0x3F800000
vscalefps zmm2, zmm2, zmm3
vaddps zmm2, zmm2, [rip+0x23E] {1to16}  ; 0x3F800000
vbroadcastss zmm3, dword ptr [rip+0x25C]  ; 0xC0000000
vdivps zmm2, zmm3, zmm2
vaddps zmm2, zmm2, [rip+0x224] {1to16}  ; 0x3F800000
vandps zmm3, zmm0, [rip+0x22E] {1to16}  ; 0x80000000
vorps zmm2, zmm2, zmm3
vmulps zmm4, zmm0, zmm0
vbroadcastss zmm3, dword ptr [rip+0x220]  ; 0xBBBAF0EA
vfmadd213ps zmm3, zmm4, [rip+0x1DE] {1to16}  ; 0x3CA9134E
vfmadd213ps zmm3, zmm4, [rip+0x210] {1to16}  ; 0xBD5C1E2D
vfmadd213ps zmm3, zmm4, [rip+0x1D2] {1to16}  ; 0x3E088393
vfmadd213ps zmm3, zmm4, [rip+0x200] {1to16}  ; 0xBEAAAA99
vmulps zmm3, zmm3, zmm4
vfmadd213ps zmm3, zmm0, zmm0
vcmpps k1, zmm1, [rip+0x1BD] {1to16}, 0x01  ; 0x3F200000
vblendmps zmm2 {k1}, zmm2, zmm3
vmovaps zmm0, zmm2
vmovups zmmword ptr [rcx], zmm0
add rax, 0x40
add rcx, 0x40
sub rdx, 0x10
jnl -0x164
add rdx, 0x10
test rdx, rdx
jz +0x16B
vmovss xmm0, dword ptr [rax]
vandps zmm1, zmm0, [rip+0x196] {1to16}  ; 0x7FFFFFFF
vaddps zmm2, zmm1, zmm1
vbroadcastss zmm3, dword ptr [rip+0x17E]  ; 0x42200000
vminps zmm2, zmm3, zmm2
vbroadcastss zmm5, dword ptr [rip+0x192]  ; 0xC2DC0000
vmaxps zmm2, zmm5, zmm2
vbroadcastss zmm5, dword ptr [rip+0x162]  ; 0x42B20000
vminps zmm2, zmm5, zmm2
vmulps zmm3, zmm2, [rip+0x14A] {1to16}  ; 0x3FB8AA3B
vrndscaleps zmm3, zmm3, 0x00
vfnmadd231ps zmm2, zmm3, [rip+0x131] {1to16}  ; 0x3F318000
vfnmadd231ps zmm2, zmm3, [rip+0x143] {1to16}  ; 0xB95E8083
vbroadcastss zmm4, dword ptr [rip+0xF9]  ; 0x39506967
vfmadd213ps zmm4, zmm2, [rip+0xF3] {1to16}  ; 0x3AB743CE
vfmadd213ps zmm4, zmm2, [rip+0xED] {1to16}  ; 0x3C088908
vfmadd213ps zmm4, zmm2, [rip+0xEB] {1to16}  ; 0x3D2AA9C1
vfmadd213ps zmm4, zmm2, [rip+0xE9] {1to16}  ; 0x3E2AAAAA
vfmadd213ps zmm4, zmm2, [rip+0xE3] {1to16}  ; 0x3F000000
vmulps zmm4, zmm4, zmm2
vfmadd213ps zmm4, zmm2, zmm2
vaddps zmm2, zmm4, [rip+0xD9] {1to16}  ; 0x3F800000
vscalefps zmm2, zmm2, zmm3
vaddps zmm2, zmm2, [rip+0xC9] {1to16}  ; 0x3F800000
vbroadcastss zmm3, dword ptr [rip+0xE7]  ; 0xC0000000
vdivps zmm2, zmm3, zmm2
vaddps zmm2, zmm2, [rip+0xAF] {1to16}  ; 0x3F800000
vandps zmm3, zmm0, [rip+0xB9] {1to16}  ; 0x80000000
vorps zmm2, zmm2, zmm3
vmulps zmm4, zmm0, zmm0
vbroadcastss zmm3, dword ptr [rip+0xAB]  ; 0xBBBAF0EA
vfmadd213ps zmm3, zmm4, [rip+0x69] {1to16}  ; 0x3CA9134E
vfmadd213ps zmm3, zmm4, [rip+0x9B] {1to16}  ; 0xBD5C1E2D
vfmadd213ps zmm3, zmm4, [rip+0x5D] {1to16}  ; 0x3E088393
vfmadd213ps zmm3, zmm4, [rip+0x8B] {1to16}  ; 0xBEAAAA99
vmulps zmm3, zmm3, zmm4
vfmadd213ps zmm3, zmm0, zmm0
vcmpps k1, zmm1, [rip+0x48] {1to16}, 0x01  ; 0x3F200000
vblendmps zmm2 {k1}, zmm2, zmm3
vmovaps zmm0, zmm2
vmovss [rcx], xmm0
add rax, 0x04
add rcx, 0x04
dec rdx
jnz -0x15F
vzeroupper
ret
