; FNV-1a of the code: 4b64575fb6b943a6
push rbx
push rbp
push r12
push r13
mov rdx, [rdi]
mov r8, [rdi+0x08]
mov r10, [rdi+0x18]
mov rbx, [rdi+0x20]
mov r12, [rdi+0x28]
mov rax, [rdi+0x60]
mov rsi, rdx
mov r9, r8
mov r11, r10
mov rbp, rbx
mov r13, r12
mov rcx, [rdi+0x68]
nop [rax+rax*1], ax
nop [rax], eax
vmovups ymm0, [rsi]
vaddps ymm0, ymm0, [r9]
vmovaps ymm3, ymm0
vorps ymm3, ymm3, [rip+0x56B]  ; 0x80000000
vbroadcastss ymm7, dword ptr [rip+0x622]  ; 0xC2B00000
vmaxps ymm3, ymm7, ymm3
vbroadcastss ymm7, dword ptr [rip+0x515]  ; 0x42B20000
vminps ymm3, ymm7, ymm3
vmulps ymm5, ymm3, [rip+0x4C9]  ; 0x3FB8AA3B
vroundps ymm5, ymm5, 0x00
vfnmadd231ps ymm3, ymm5, [rip+0x47A]  ; 0x3F318000
vfnmadd231ps ymm3, ymm5, [rip+0x551]  ; 0xB95E8083
vbroadcastss ymm6, dword ptr [rip+0x348]  ; 0x39506967
vfmadd213ps ymm6, ymm3, [rip+0x35F]  ; 0x3AB743CE
vfmadd213ps ymm6, ymm3, [rip+0x376]  ; 0x3C088908
vfmadd213ps ymm6, ymm3, [rip+0x3AD]  ; 0x3D2AA9C1
vfmadd213ps ymm6, ymm3, [rip+0x3E4]  ; 0x3E2AAAAA
vfmadd213ps ymm6, ymm3, [rip+0x3FB]  ; 0x3F000000
vmulps ymm6, ymm6, ymm3
vfmadd213ps ymm6, ymm3, ymm3
vaddps ymm3, ymm6, [rip+0x44A]  ; 0x3F800000
vcvtps2dq ymm7, ymm5
vpaddd ymm7, ymm7, [rip+0x2DE]  ; 0x0000007F
vpslld ymm7, ymm7, 0x17
vmulps ymm3, ymm3, ymm7
vaddps ymm5, ymm3, [rip+0x42D]  ; 0x3F800000
vbroadcastss ymm4, dword ptr [rip+0x424]  ; 0x3F800000
vdivps ymm4, ymm4, ymm5
vdivps ymm3, ymm3, ymm5
vcmpps ymm5, ymm0, [rip+0x293], 0x01  ; 0x00000000
vblendvps ymm4, ymm4, ymm3, ymm5
vmovaps ymm0, ymm4
vmovups ymm1, [rsi+0x40]
vfmadd213ps ymm0, ymm1, [r9+0x40]
vandps ymm3, ymm0, [rip+0x476]  ; 0x7FFFFFFF
vaddps ymm4, ymm3, ymm3
vbroadcastss ymm5, dword ptr [rip+0x429]  ; 0x42200000
vminps ymm4, ymm5, ymm4
vbroadcastss ymm7, dword ptr [rip+0x53C]  ; 0xC2B00000
vmaxps ymm4, ymm7, ymm4
vbroadcastss ymm7, dword ptr [rip+0x42F]  ; 0x42B20000
vminps ymm4, ymm7, ymm4
vmulps ymm5, ymm4, [rip+0x3E3]  ; 0x3FB8AA3B
vroundps ymm5, ymm5, 0x00
vfnmadd231ps ymm4, ymm5, [rip+0x394]  ; 0x3F318000
vfnmadd231ps ymm4, ymm5, [rip+0x46B]  ; 0xB95E8083
vbroadcastss ymm6, dword ptr [rip+0x262]  ; 0x39506967
vfmadd213ps ymm6, ymm4, [rip+0x279]  ; 0x3AB743CE
vfmadd213ps ymm6, ymm4, [rip+0x290]  ; 0x3C088908
vfmadd213ps ymm6, ymm4, [rip+0x2C7]  ; 0x3D2AA9C1
vfmadd213ps ymm6, ymm4, [rip+0x2FE]  ; 0x3E2AAAAA
vfmadd213ps ymm6, ymm4, [rip+0x315]  ; 0x3F000000
vmulps ymm6, ymm6, ymm4
vfmadd213ps ymm6, ymm4, ymm4
vaddps ymm4, ymm6, [rip+0x364]  ; 0x3F800000
vcvtps2dq ymm7, ymm5
vpaddd ymm7, ymm7, [rip+0x1F8]  ; 0x0000007F
vpslld ymm7, ymm7, 0x17
vmulps ymm4, ymm4, ymm7
vaddps ymm4, ymm4, [rip+0x347]  ; 0x3F800000
vbroadcastss ymm5, dword ptr [rip+0x47E]  ; 0xC0000000
vdivps ymm4, ymm5, ymm4
vaddps ymm4, ymm4, [rip+0x332]  ; 0x3F800000
vandps ymm5, ymm0, [rip+0x3CA]  ; 0x80000000
vorps ymm4, ymm4, ymm5
vmulps ymm6, ymm0, ymm0
vbroadcastss ymm5, dword ptr [rip+0x3F9]  ; 0xBBBAF0EA
vfmadd213ps ymm5, ymm6, [rip+0x230]  ; 0x3CA9134E
vfmadd213ps ymm5, ymm6, [rip+0x407]  ; 0xBD5C1E2D
vfmadd213ps ymm5, ymm6, [rip+0x25E]  ; 0x3E088393
vfmadd213ps ymm5, ymm6, [rip+0x415]  ; 0xBEAAAA99
vmulps ymm5, ymm5, ymm6
vfmadd213ps ymm5, ymm0, ymm0
vcmpps ymm7, ymm3, [rip+0x2A3], 0x01  ; 0x3F200000
vblendvps ymm4, ymm4, ymm5, ymm7
vmovaps ymm0, ymm4
vmovups ymm1, [rsi+0x20]
vaddps ymm1, ymm1, [r9+0x20]
vmovaps ymm3, ymm1
vorps ymm3, ymm3, [rip+0x362]  ; 0x80000000
vbroadcastss ymm7, dword ptr [rip+0x419]  ; 0xC2B00000
vmaxps ymm3, ymm7, ymm3
vbroadcastss ymm7, dword ptr [rip+0x30C]  ; 0x42B20000
vminps ymm3, ymm7, ymm3
vmulps ymm5, ymm3, [rip+0x2C0]  ; 0x3FB8AA3B
vroundps ymm5, ymm5, 0x00
vfnmadd231ps ymm3, ymm5, [rip+0x271]  ; 0x3F318000
vfnmadd231ps ymm3, ymm5, [rip+0x348]  ; 0xB95E8083
vbroadcastss ymm6, dword ptr [rip+0x13F]  ; 0x39506967
vfmadd213ps ymm6, ymm3, [rip+0x156]  ; 0x3AB743CE
vfmadd213ps ymm6, ymm3, [rip+0x16D]  ; 0x3C088908
vfmadd213ps ymm6, ymm3, [rip+0x1A4]  ; 0x3D2AA9C1
vfmadd213ps ymm6, ymm3, [rip+0x1DB]  ; 0x3E2AAAAA
vfmadd213ps ymm6, ymm3, [rip+0x1F2]  ; 0x3F000000
vmulps ymm6, ymm6, ymm3
vfmadd213ps ymm6, ymm3, ymm3
vaddps ymm3, ymm6, [rip+0x241]  ; 0x3F800000
vcvtps2dq ymm7, ymm5
vpaddd ymm7, ymm7, [rip+0xD5]  ; 0x0000007F
vpslld ymm7, ymm7, 0x17
vmulps ymm3, ymm3, ymm7
vaddps ymm5, ymm3, [rip+0x224]  ; 0x3F800000
vbroadcastss ymm4, dword ptr [rip+0x21B]  ; 0x3F800000
vdivps ymm4, ymm4, ymm5
vdivps ymm3, ymm3, ymm5
vcmpps ymm5, ymm1, [rip+0x8A], 0x01  ; 0x00000000
vblendvps ymm4, ymm4, ymm3, ymm5
vmovaps ymm1, ymm4
vmovups ymm2, [r11]
vsubps ymm2, ymm2, ymm0
vfmadd213ps ymm2, ymm1, ymm0
vmovaps ymm3, ymm2
vmovups [r13], ymm3
vmovups [rbp], ymm2
add rsi, 0x60
add r9, 0x60
add r11, 0x20
add rbp, 0x20
add r13, 0x20
dec rcx
jnz -0x314
add rdx, [rdi+0x30]
add r8, [rdi+0x38]
add r10, [rdi+0x48]
add rbx, [rdi+0x50]
add r12, [rdi+0x58]
dec rax
jnz -0x354
pop r13
pop r12
pop rbp
pop rbx
vzeroupper
ret
