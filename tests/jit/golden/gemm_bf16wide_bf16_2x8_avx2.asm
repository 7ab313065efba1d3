; FNV-1a of the code: 311ca35ab80344d1
vbroadcastss ymm3, dword ptr [rip+0x2B7]  ; 0xFFFF0000
mov r10, [rdi+0x08]
mov rdx, [rdi+0x10]
mov rsi, [rdi+0x38]
mov r8, [rdi+0x40]
mov rax, [rdi+0x68]
lea r9, [r8+r8*2]
mov rcx, [rdi+0x20]
mov r11, [rdi+0x48]
test rcx, rcx
jnz +0x13
vxorps ymm0, ymm0, ymm0
vxorps ymm1, ymm1, ymm1
jmp +0x10
vmovups ymm0, [rcx]
add rcx, r11
vmovups ymm1, [rcx]
mov r11, [rdi]
mov rcx, rax
shr rcx, 0x02
jz +0x115
nop [rax+rax*1], ax
vmovdqu ymm2, [r10]
vpslld ymm2, ymm2, 0x10
vbroadcastss ymm4, dword ptr [r11]
vfmadd231ps ymm0, ymm4, ymm2
vbroadcastss ymm5, dword ptr [r11+rsi*1]
vfmadd231ps ymm1, ymm5, ymm2
vandps ymm2, ymm3, [r10]
vbroadcastss ymm4, dword ptr [r11+0x04]
vfmadd231ps ymm0, ymm4, ymm2
vbroadcastss ymm5, dword ptr [r11+rsi*1+0x04]
vfmadd231ps ymm1, ymm5, ymm2
vmovdqu ymm2, [r10+r8*1]
vpslld ymm2, ymm2, 0x10
vbroadcastss ymm4, dword ptr [r11+0x08]
vfmadd231ps ymm0, ymm4, ymm2
vbroadcastss ymm5, dword ptr [r11+rsi*1+0x08]
vfmadd231ps ymm1, ymm5, ymm2
vandps ymm2, ymm3, [r10+r8*1]
vbroadcastss ymm4, dword ptr [r11+0x0C]
vfmadd231ps ymm0, ymm4, ymm2
vbroadcastss ymm5, dword ptr [r11+rsi*1+0x0C]
vfmadd231ps ymm1, ymm5, ymm2
vmovdqu ymm2, [r10+r8*2]
vpslld ymm2, ymm2, 0x10
vbroadcastss ymm4, dword ptr [r11+0x10]
vfmadd231ps ymm0, ymm4, ymm2
vbroadcastss ymm5, dword ptr [r11+rsi*1+0x10]
vfmadd231ps ymm1, ymm5, ymm2
vandps ymm2, ymm3, [r10+r8*2]
vbroadcastss ymm4, dword ptr [r11+0x14]
vfmadd231ps ymm0, ymm4, ymm2
vbroadcastss ymm5, dword ptr [r11+rsi*1+0x14]
vfmadd231ps ymm1, ymm5, ymm2
vmovdqu ymm2, [r10+r9*1]
vpslld ymm2, ymm2, 0x10
vbroadcastss ymm4, dword ptr [r11+0x18]
vfmadd231ps ymm0, ymm4, ymm2
vbroadcastss ymm5, dword ptr [r11+rsi*1+0x18]
vfmadd231ps ymm1, ymm5, ymm2
vandps ymm2, ymm3, [r10+r9*1]
vbroadcastss ymm4, dword ptr [r11+0x1C]
vfmadd231ps ymm0, ymm4, ymm2
vbroadcastss ymm5, dword ptr [r11+rsi*1+0x1C]
vfmadd231ps ymm1, ymm5, ymm2
lea r10, [r10+r8*4]
add r11, 0x20
dec rcx
jnz -0x103
and rax, 0x03
jz +0x51
vmovdqu ymm2, [r10]
vpslld ymm2, ymm2, 0x10
vbroadcastss ymm4, dword ptr [r11]
vfmadd231ps ymm0, ymm4, ymm2
vbroadcastss ymm5, dword ptr [r11+rsi*1]
vfmadd231ps ymm1, ymm5, ymm2
vandps ymm2, ymm3, [r10]
vbroadcastss ymm4, dword ptr [r11+0x04]
vfmadd231ps ymm0, ymm4, ymm2
vbroadcastss ymm5, dword ptr [r11+rsi*1+0x04]
vfmadd231ps ymm1, ymm5, ymm2
add r10, r8
add r11, 0x08
dec rax
jnz -0x45
mov rcx, [rdi+0x18]
test rcx, rcx
jz +0x12
vmovups ymm2, [rcx]
vaddps ymm0, ymm0, ymm2
vaddps ymm1, ymm1, ymm2
mov rdx, [rdi+0x28]
mov rsi, [rdi+0x50]
vpsrld ymm2, ymm0, 0x10
vandps ymm2, ymm2, [rip+0x74]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0xAC]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm0
vcmpps ymm3, ymm0, ymm0, 0x03
vpsrld ymm0, ymm2, 0x10
vblendvps ymm0, ymm0, [rip+0x74], ymm3  ; 0x00007FC0
vpackusdw ymm0, ymm0, ymm0
vpermq ymm0, ymm0, 0x08
vmovups [rdx], xmm0
add rdx, rsi
vpsrld ymm2, ymm1, 0x10
vandps ymm2, ymm2, [rip+0x35]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x6D]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm1
vcmpps ymm3, ymm1, ymm1, 0x03
vpsrld ymm1, ymm2, 0x10
vblendvps ymm1, ymm1, [rip+0x35], ymm3  ; 0x00007FC0
vpackusdw ymm1, ymm1, ymm1
vpermq ymm1, ymm1, 0x08
vmovups [rdx], xmm1
vzeroupper
ret
