; FNV-1a of the code: 976c9b59fe285d76
push rbx
push rbp
push r12
push r13
mov rax, [rdi+0x08]
mov rcx, [rdi+0x18]
mov rsi, [rdi+0x10]
lea r8, [rsi+rsi*2]
lea r9, [rsi+rsi*4]
lea r10, [r8+rsi*4]
mov r11, [rdi]
mov r12, [rdi+0x28]
cmp rcx, 0x04
jl +0x410
mov rbx, r11
mov rbp, rax
mov rdx, [rdi+0x20]
lea r13, [rbx+rsi*8]
prefetcht1 [r13]
prefetcht1 [r13+rsi*1]
prefetcht1 [r13+rsi*2]
prefetcht1 [r13+r8*1]
prefetcht1 [r13+rsi*4]
prefetcht1 [r13+r9*1]
prefetcht1 [r13+r8*2]
prefetcht1 [r13+r10*1]
vmovups ymm0, [rbx]
vmovups ymm1, [rbx+rsi*1]
vpsrld ymm2, ymm0, 0x10
vandps ymm2, ymm2, [rip+0x4DE]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x516]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm0
vcmpps ymm3, ymm0, ymm0, 0x03
vpsrld ymm0, ymm2, 0x10
vblendvps ymm0, ymm0, [rip+0x4DE], ymm3  ; 0x00007FC0
vpsrld ymm2, ymm1, 0x10
vandps ymm2, ymm2, [rip+0x4B1]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x4E9]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm1
vcmpps ymm3, ymm1, ymm1, 0x03
vpsrld ymm1, ymm2, 0x10
vblendvps ymm1, ymm1, [rip+0x4B1], ymm3  ; 0x00007FC0
vpslld ymm1, ymm1, 0x10
vpor ymm0, ymm0, ymm1
vmovntps [rbp], ymm0
vmovups ymm0, [rbx+0x20]
vmovups ymm1, [rbx+rsi*1+0x20]
vpsrld ymm2, ymm0, 0x10
vandps ymm2, ymm2, [rip+0x46B]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x4A3]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm0
vcmpps ymm3, ymm0, ymm0, 0x03
vpsrld ymm0, ymm2, 0x10
vblendvps ymm0, ymm0, [rip+0x46B], ymm3  ; 0x00007FC0
vpsrld ymm2, ymm1, 0x10
vandps ymm2, ymm2, [rip+0x43E]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x476]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm1
vcmpps ymm3, ymm1, ymm1, 0x03
vpsrld ymm1, ymm2, 0x10
vblendvps ymm1, ymm1, [rip+0x43E], ymm3  ; 0x00007FC0
vpslld ymm1, ymm1, 0x10
vpor ymm0, ymm0, ymm1
vmovntps [rbp+0x20], ymm0
vmovups ymm0, [rbx+rsi*2]
vmovups ymm1, [rbx+r8*1]
vpsrld ymm2, ymm0, 0x10
vandps ymm2, ymm2, [rip+0x3F8]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x430]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm0
vcmpps ymm3, ymm0, ymm0, 0x03
vpsrld ymm0, ymm2, 0x10
vblendvps ymm0, ymm0, [rip+0x3F8], ymm3  ; 0x00007FC0
vpsrld ymm2, ymm1, 0x10
vandps ymm2, ymm2, [rip+0x3CB]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x403]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm1
vcmpps ymm3, ymm1, ymm1, 0x03
vpsrld ymm1, ymm2, 0x10
vblendvps ymm1, ymm1, [rip+0x3CB], ymm3  ; 0x00007FC0
vpslld ymm1, ymm1, 0x10
vpor ymm0, ymm0, ymm1
vmovntps [rbp+0x40], ymm0
vmovups ymm0, [rbx+rsi*2+0x20]
vmovups ymm1, [rbx+r8*1+0x20]
vpsrld ymm2, ymm0, 0x10
vandps ymm2, ymm2, [rip+0x383]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x3BB]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm0
vcmpps ymm3, ymm0, ymm0, 0x03
vpsrld ymm0, ymm2, 0x10
vblendvps ymm0, ymm0, [rip+0x383], ymm3  ; 0x00007FC0
vpsrld ymm2, ymm1, 0x10
vandps ymm2, ymm2, [rip+0x356]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x38E]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm1
vcmpps ymm3, ymm1, ymm1, 0x03
vpsrld ymm1, ymm2, 0x10
vblendvps ymm1, ymm1, [rip+0x356], ymm3  ; 0x00007FC0
vpslld ymm1, ymm1, 0x10
vpor ymm0, ymm0, ymm1
vmovntps [rbp+0x60], ymm0
vmovups ymm0, [rbx+rsi*4]
vmovups ymm1, [rbx+r9*1]
vpsrld ymm2, ymm0, 0x10
vandps ymm2, ymm2, [rip+0x310]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x348]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm0
vcmpps ymm3, ymm0, ymm0, 0x03
vpsrld ymm0, ymm2, 0x10
vblendvps ymm0, ymm0, [rip+0x310], ymm3  ; 0x00007FC0
vpsrld ymm2, ymm1, 0x10
vandps ymm2, ymm2, [rip+0x2E3]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x31B]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm1
vcmpps ymm3, ymm1, ymm1, 0x03
vpsrld ymm1, ymm2, 0x10
vblendvps ymm1, ymm1, [rip+0x2E3], ymm3  ; 0x00007FC0
vpslld ymm1, ymm1, 0x10
vpor ymm0, ymm0, ymm1
vmovntps [rbp+0x80], ymm0
vmovups ymm0, [rbx+rsi*4+0x20]
vmovups ymm1, [rbx+r9*1+0x20]
vpsrld ymm2, ymm0, 0x10
vandps ymm2, ymm2, [rip+0x298]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x2D0]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm0
vcmpps ymm3, ymm0, ymm0, 0x03
vpsrld ymm0, ymm2, 0x10
vblendvps ymm0, ymm0, [rip+0x298], ymm3  ; 0x00007FC0
vpsrld ymm2, ymm1, 0x10
vandps ymm2, ymm2, [rip+0x26B]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x2A3]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm1
vcmpps ymm3, ymm1, ymm1, 0x03
vpsrld ymm1, ymm2, 0x10
vblendvps ymm1, ymm1, [rip+0x26B], ymm3  ; 0x00007FC0
vpslld ymm1, ymm1, 0x10
vpor ymm0, ymm0, ymm1
vmovntps [rbp+0xA0], ymm0
vmovups ymm0, [rbx+r8*2]
vmovups ymm1, [rbx+r10*1]
vpsrld ymm2, ymm0, 0x10
vandps ymm2, ymm2, [rip+0x221]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x259]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm0
vcmpps ymm3, ymm0, ymm0, 0x03
vpsrld ymm0, ymm2, 0x10
vblendvps ymm0, ymm0, [rip+0x221], ymm3  ; 0x00007FC0
vpsrld ymm2, ymm1, 0x10
vandps ymm2, ymm2, [rip+0x1F4]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x22C]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm1
vcmpps ymm3, ymm1, ymm1, 0x03
vpsrld ymm1, ymm2, 0x10
vblendvps ymm1, ymm1, [rip+0x1F4], ymm3  ; 0x00007FC0
vpslld ymm1, ymm1, 0x10
vpor ymm0, ymm0, ymm1
vmovntps [rbp+0xC0], ymm0
vmovups ymm0, [rbx+r8*2+0x20]
vmovups ymm1, [rbx+r10*1+0x20]
vpsrld ymm2, ymm0, 0x10
vandps ymm2, ymm2, [rip+0x1A8]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x1E0]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm0
vcmpps ymm3, ymm0, ymm0, 0x03
vpsrld ymm0, ymm2, 0x10
vblendvps ymm0, ymm0, [rip+0x1A8], ymm3  ; 0x00007FC0
vpsrld ymm2, ymm1, 0x10
vandps ymm2, ymm2, [rip+0x17B]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x1B3]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm1
vcmpps ymm3, ymm1, ymm1, 0x03
vpsrld ymm1, ymm2, 0x10
vblendvps ymm1, ymm1, [rip+0x17B], ymm3  ; 0x00007FC0
vpslld ymm1, ymm1, 0x10
vpor ymm0, ymm0, ymm1
vmovntps [rbp+0xE0], ymm0
add rbx, 0x40
add rbp, r12
dec rdx
jnz -0x3E7
lea r11, [r11+rsi*8]
add rax, 0x100
sub rcx, 0x04
jmp -0x40F
cmp rcx, 0x01
jl +0x115
mov rbx, r11
mov rbp, rax
mov rdx, [rdi+0x20]
vmovups ymm0, [rbx]
vmovups ymm1, [rbx+rsi*1]
vpsrld ymm2, ymm0, 0x10
vandps ymm2, ymm2, [rip+0xFD]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x135]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm0
vcmpps ymm3, ymm0, ymm0, 0x03
vpsrld ymm0, ymm2, 0x10
vblendvps ymm0, ymm0, [rip+0xFD], ymm3  ; 0x00007FC0
vpsrld ymm2, ymm1, 0x10
vandps ymm2, ymm2, [rip+0xD0]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x108]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm1
vcmpps ymm3, ymm1, ymm1, 0x03
vpsrld ymm1, ymm2, 0x10
vblendvps ymm1, ymm1, [rip+0xD0], ymm3  ; 0x00007FC0
vpslld ymm1, ymm1, 0x10
vpor ymm0, ymm0, ymm1
vmovntps [rbp], ymm0
vmovups ymm0, [rbx+0x20]
vmovups ymm1, [rbx+rsi*1+0x20]
vpsrld ymm2, ymm0, 0x10
vandps ymm2, ymm2, [rip+0x8A]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0xC2]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm0
vcmpps ymm3, ymm0, ymm0, 0x03
vpsrld ymm0, ymm2, 0x10
vblendvps ymm0, ymm0, [rip+0x8A], ymm3  ; 0x00007FC0
vpsrld ymm2, ymm1, 0x10
vandps ymm2, ymm2, [rip+0x5D]  ; 0x00000001
vpaddd ymm2, ymm2, [rip+0x95]  ; 0x00007FFF
vpaddd ymm2, ymm2, ymm1
vcmpps ymm3, ymm1, ymm1, 0x03
vpsrld ymm1, ymm2, 0x10
vblendvps ymm1, ymm1, [rip+0x5D], ymm3  ; 0x00007FC0
vpslld ymm1, ymm1, 0x10
vpor ymm0, ymm0, ymm1
vmovntps [rbp+0x20], ymm0
add rbx, 0x40
add rbp, r12
dec rdx
jnz -0xEE
lea r11, [r11+rsi*2]
add rax, 0x40
sub rcx, 0x01
jmp -0x114
pop r13
pop r12
pop rbp
pop rbx
vzeroupper
ret
