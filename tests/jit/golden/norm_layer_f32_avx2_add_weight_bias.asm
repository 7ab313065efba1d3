; FNV-1a of the code: 2047dee46b667b3b
push rbx
push rbp
mov rax, [rdi]
mov rsi, [rdi+0x18]
mov r10, [rdi+0x30]
mov rcx, [rdi+0x08]
mov rdx, [rdi+0x10]
mov r8, [rdi+0x20]
mov r9, [rdi+0x28]
nop [rax], eax
vxorps ymm2, ymm2, ymm2
vxorps ymm3, ymm3, ymm3
vxorps ymm4, ymm4, ymm4
vxorps ymm5, ymm5, ymm5
vxorps ymm6, ymm6, ymm6
xor r11, r11
mov rbx, [rdi+0x38]
sub rbx, 0x20
jl +0x89
vmovups ymm7, [rax+r11*4]
vmovups ymm8, [rcx+r11*4]
vaddps ymm7, ymm7, ymm8
vmovups [rdx+r11*4], ymm7
vaddps ymm2, ymm2, ymm7
vmovups ymm7, [rax+r11*4+0x20]
vmovups ymm8, [rcx+r11*4+0x20]
vaddps ymm7, ymm7, ymm8
vmovups [rdx+r11*4+0x20], ymm7
vaddps ymm3, ymm3, ymm7
vmovups ymm7, [rax+r11*4+0x40]
vmovups ymm8, [rcx+r11*4+0x40]
vaddps ymm7, ymm7, ymm8
vmovups [rdx+r11*4+0x40], ymm7
vaddps ymm4, ymm4, ymm7
vmovups ymm7, [rax+r11*4+0x60]
vmovups ymm8, [rcx+r11*4+0x60]
vaddps ymm7, ymm7, ymm8
vmovups [rdx+r11*4+0x60], ymm7
vaddps ymm5, ymm5, ymm7
add r11, 0x20
sub rbx, 0x20
jnl -0x7D
add rbx, 0x20
sub rbx, 0x08
jl +0x2F
vmovups ymm7, [rax+r11*4]
vmovups ymm8, [rcx+r11*4]
vaddps ymm7, ymm7, ymm8
vmovups [rdx+r11*4], ymm7
vaddps ymm2, ymm2, ymm7
add r11, 0x08
sub rbx, 0x08
jnl -0x23
add rbx, 0x08
sub rbx, 0x01
jl +0x2F
vmovss xmm7, dword ptr [rax+r11*4]
vmovss xmm8, dword ptr [rcx+r11*4]
vaddps ymm7, ymm7, ymm8
vmovss [rdx+r11*4], xmm7
vaddps ymm6, ymm6, ymm7
add r11, 0x01
sub rbx, 0x01
jnl -0x23
add rbx, 0x01
vaddps ymm2, ymm2, ymm3
vaddps ymm4, ymm4, ymm5
vaddps ymm2, ymm2, ymm4
vextractf128 xmm3, ymm2, 0x01
vaddps xmm2, xmm2, xmm3
vpermilps xmm3, xmm2, 0x4E
vaddps xmm2, xmm2, xmm3
vpermilps xmm3, xmm2, 0xB1
vaddss xmm2, xmm2, xmm3
vaddss xmm2, xmm2, xmm6
vdivss xmm2, xmm2, dword ptr [rdi+0x40]
vbroadcastss ymm0, xmm2
vxorps ymm2, ymm2, ymm2
vxorps ymm3, ymm3, ymm3
vxorps ymm4, ymm4, ymm4
vxorps ymm5, ymm5, ymm5
vxorps ymm6, ymm6, ymm6
xor r11, r11
mov rbx, [rdi+0x38]
sub rbx, 0x20
jl +0x53
vmovups ymm7, [rdx+r11*4]
vsubps ymm7, ymm7, ymm0
vfmadd231ps ymm2, ymm7, ymm7
vmovups ymm7, [rdx+r11*4+0x20]
vsubps ymm7, ymm7, ymm0
vfmadd231ps ymm3, ymm7, ymm7
vmovups ymm7, [rdx+r11*4+0x40]
vsubps ymm7, ymm7, ymm0
vfmadd231ps ymm4, ymm7, ymm7
vmovups ymm7, [rdx+r11*4+0x60]
vsubps ymm7, ymm7, ymm0
vfmadd231ps ymm5, ymm7, ymm7
add r11, 0x20
sub rbx, 0x20
jnl -0x47
add rbx, 0x20
sub rbx, 0x08
jl +0x23
vmovups ymm7, [rdx+r11*4]
vsubps ymm7, ymm7, ymm0
vfmadd231ps ymm2, ymm7, ymm7
add r11, 0x08
sub rbx, 0x08
jnl -0x17
add rbx, 0x08
sub rbx, 0x01
jl +0x23
vmovss xmm7, dword ptr [rdx+r11*4]
vsubps ymm7, ymm7, ymm0
vfmadd231ps ymm6, ymm7, ymm7
add r11, 0x01
sub rbx, 0x01
jnl -0x17
add rbx, 0x01
vaddps ymm2, ymm2, ymm3
vaddps ymm4, ymm4, ymm5
vaddps ymm2, ymm2, ymm4
vextractf128 xmm3, ymm2, 0x01
vaddps xmm2, xmm2, xmm3
vpermilps xmm3, xmm2, 0x4E
vaddps xmm2, xmm2, xmm3
vpermilps xmm3, xmm2, 0xB1
vaddss xmm2, xmm2, xmm3
vaddss xmm2, xmm2, xmm6
vdivss xmm2, xmm2, dword ptr [rdi+0x40]
vbroadcastss ymm1, xmm2
vbroadcastss ymm2, dword ptr [rdi+0x44]
vaddps ymm1, ymm1, ymm2
vsqrtps ymm1, ymm1
vbroadcastss ymm2, dword ptr [rip+0x173]  ; 0x3F800000
vdivps ymm1, ymm2, ymm1
xor r11, r11
mov rbx, [rdi+0x38]
sub rbx, 0x20
jl +0xB4
vmovups ymm2, [rdx+r11*4]
vsubps ymm2, ymm2, ymm0
vmulps ymm2, ymm2, ymm1
vmovups ymm3, [r8+r11*4]
vmovups ymm4, [r9+r11*4]
vfmadd213ps ymm2, ymm3, ymm4
vmovups [rsi+r11*4], ymm2
vmovups ymm2, [rdx+r11*4+0x20]
vsubps ymm2, ymm2, ymm0
vmulps ymm2, ymm2, ymm1
vmovups ymm3, [r8+r11*4+0x20]
vmovups ymm4, [r9+r11*4+0x20]
vfmadd213ps ymm2, ymm3, ymm4
vmovups [rsi+r11*4+0x20], ymm2
vmovups ymm2, [rdx+r11*4+0x40]
vsubps ymm2, ymm2, ymm0
vmulps ymm2, ymm2, ymm1
vmovups ymm3, [r8+r11*4+0x40]
vmovups ymm4, [r9+r11*4+0x40]
vfmadd213ps ymm2, ymm3, ymm4
vmovups [rsi+r11*4+0x40], ymm2
vmovups ymm2, [rdx+r11*4+0x60]
vsubps ymm2, ymm2, ymm0
vmulps ymm2, ymm2, ymm1
vmovups ymm3, [r8+r11*4+0x60]
vmovups ymm4, [r9+r11*4+0x60]
vfmadd213ps ymm2, ymm3, ymm4
vmovups [rsi+r11*4+0x60], ymm2
add r11, 0x20
sub rbx, 0x20
jnl -0xA8
add rbx, 0x20
sub rbx, 0x08
jl +0x39
vmovups ymm2, [rdx+r11*4]
vsubps ymm2, ymm2, ymm0
vmulps ymm2, ymm2, ymm1
vmovups ymm3, [r8+r11*4]
vmovups ymm4, [r9+r11*4]
vfmadd213ps ymm2, ymm3, ymm4
vmovups [rsi+r11*4], ymm2
add r11, 0x08
sub rbx, 0x08
jnl -0x2D
add rbx, 0x08
sub rbx, 0x01
jl +0x39
vmovss xmm2, dword ptr [rdx+r11*4]
vsubps ymm2, ymm2, ymm0
vmulps ymm2, ymm2, ymm1
vmovss xmm3, dword ptr [r8+r11*4]
vmovss xmm4, dword ptr [r9+r11*4]
vfmadd213ps ymm2, ymm3, ymm4
vmovss [rsi+r11*4], xmm2
add r11, 0x01
sub rbx, 0x01
jnl -0x2D
add rbx, 0x01
lea rax, [rax+r11*4]
lea rsi, [rsi+r11*4]
lea rcx, [rcx+r11*4]
lea rdx, [rdx+r11*4]
dec r10
jnz -0x3C9
pop rbp
pop rbx
vzeroupper
ret
