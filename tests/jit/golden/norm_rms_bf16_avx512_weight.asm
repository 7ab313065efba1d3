; FNV-1a of the code: 4d7728c1578192fc
push rbx
push rbp
mov rax, [rdi]
mov rsi, [rdi+0x18]
mov r10, [rdi+0x30]
mov r8, [rdi+0x20]
nop [rax+rax*1], ax
nop [rax+rax*1], ax
vxorps zmm2, zmm2, zmm2
vxorps zmm3, zmm3, zmm3
vxorps zmm4, zmm4, zmm4
vxorps zmm5, zmm5, zmm5
vxorps zmm6, zmm6, zmm6
xor r11, r11
mov rbx, [rdi+0x38]
sub rbx, 0x40
jl +0x67
vpmovzxwd zmm7, ymmword ptr [rax+r11*2]
vpslld zmm7, zmm7, 0x10
vfmadd231ps zmm2, zmm7, zmm7
vpmovzxwd zmm7, ymmword ptr [rax+r11*2+0x20]
vpslld zmm7, zmm7, 0x10
vfmadd231ps zmm3, zmm7, zmm7
vpmovzxwd zmm7, ymmword ptr [rax+r11*2+0x40]
vpslld zmm7, zmm7, 0x10
vfmadd231ps zmm4, zmm7, zmm7
vpmovzxwd zmm7, ymmword ptr [rax+r11*2+0x60]
vpslld zmm7, zmm7, 0x10
vfmadd231ps zmm5, zmm7, zmm7
add r11, 0x40
sub rbx, 0x40
jnl -0x5B
add rbx, 0x40
sub rbx, 0x10
jl +0x28
vpmovzxwd zmm7, ymmword ptr [rax+r11*2]
vpslld zmm7, zmm7, 0x10
vfmadd231ps zmm2, zmm7, zmm7
add r11, 0x10
sub rbx, 0x10
jnl -0x1C
add rbx, 0x10
sub rbx, 0x01
jl +0x26
movzx ebp, word ptr [rax+r11*2]
shl ebp, 0x10
vmovd xmm7, ebp
vfmadd231ps zmm6, zmm7, zmm7
add r11, 0x01
sub rbx, 0x01
jnl -0x1A
add rbx, 0x01
vaddps zmm2, zmm2, zmm3
vaddps zmm4, zmm4, zmm5
vaddps zmm2, zmm2, zmm4
vextractf64x4 ymm3, zmm2, 0x01
vaddps ymm2, ymm2, ymm3
vextractf128 xmm3, ymm2, 0x01
vaddps xmm2, xmm2, xmm3
vpermilps xmm3, xmm2, 0x4E
vaddps xmm2, xmm2, xmm3
vpermilps xmm3, xmm2, 0xB1
vaddss xmm2, xmm2, xmm3
vaddss xmm2, xmm2, xmm6
vdivss xmm2, xmm2, dword ptr [rdi+0x40]
vbroadcastss zmm1, xmm2
vbroadcastss zmm2, dword ptr [rdi+0x44]
vaddps zmm1, zmm1, zmm2
vsqrtps zmm1, zmm1
vbroadcastss zmm2, dword ptr [rip+0x47B]  ; 0x3F800000
vdivps zmm1, zmm2, zmm1
xor r11, r11
mov rbx, [rdi+0x38]
sub rbx, 0x40
jl +0x2BD
vpmovzxwd zmm2, ymmword ptr [rax+r11*2]
vpslld zmm2, zmm2, 0x10
vmulps zmm2, zmm2, zmm1
vpsrld zmm3, zmm2, 0x10
vandps zmm3, zmm3, [rip+0x433] {1to16}  ; 0x00000001
vpaddd zmm3, zmm3, [rip+0x431] {1to16}  ; 0x00007FFF
vpaddd zmm3, zmm3, zmm2
vcmpps k1, zmm2, zmm2, 0x03
vpsrld zmm2, zmm3, 0x10
vblendmps zmm2 {k1}, zmm2, [rip+0x40F] {1to16}  ; 0x00007FC0
vpslld zmm2, zmm2, 0x10
vpmovzxwd zmm3, ymmword ptr [r8+r11*2]
vpslld zmm3, zmm3, 0x10
vmulps zmm2, zmm2, zmm3
vpsrld zmm3, zmm2, 0x10
vandps zmm3, zmm3, [rip+0x3DF] {1to16}  ; 0x00000001
vpaddd zmm3, zmm3, [rip+0x3DD] {1to16}  ; 0x00007FFF
vpaddd zmm3, zmm3, zmm2
vcmpps k1, zmm2, zmm2, 0x03
vpsrld zmm2, zmm3, 0x10
vblendmps zmm2 {k1}, zmm2, [rip+0x3BB] {1to16}  ; 0x00007FC0
vpmovdw ymmword ptr [rsi+r11*2], zmm2
vpmovzxwd zmm2, ymmword ptr [rax+r11*2+0x20]
vpslld zmm2, zmm2, 0x10
vmulps zmm2, zmm2, zmm1
vpsrld zmm3, zmm2, 0x10
vandps zmm3, zmm3, [rip+0x38A] {1to16}  ; 0x00000001
vpaddd zmm3, zmm3, [rip+0x388] {1to16}  ; 0x00007FFF
vpaddd zmm3, zmm3, zmm2
vcmpps k1, zmm2, zmm2, 0x03
vpsrld zmm2, zmm3, 0x10
vblendmps zmm2 {k1}, zmm2, [rip+0x366] {1to16}  ; 0x00007FC0
vpslld zmm2, zmm2, 0x10
vpmovzxwd zmm3, ymmword ptr [r8+r11*2+0x20]
vpslld zmm3, zmm3, 0x10
vmulps zmm2, zmm2, zmm3
vpsrld zmm3, zmm2, 0x10
vandps zmm3, zmm3, [rip+0x335] {1to16}  ; 0x00000001
vpaddd zmm3, zmm3, [rip+0x333] {1to16}  ; 0x00007FFF
vpaddd zmm3, zmm3, zmm2
vcmpps k1, zmm2, zmm2, 0x03
vpsrld zmm2, zmm3, 0x10
vblendmps zmm2 {k1}, zmm2, [rip+0x311] {1to16}  ; 0x00007FC0
vpmovdw ymmword ptr [rsi+r11*2+0x20], zmm2
vpmovzxwd zmm2, ymmword ptr [rax+r11*2+0x40]
vpslld zmm2, zmm2, 0x10
vmulps zmm2, zmm2, zmm1
vpsrld zmm3, zmm2, 0x10
vandps zmm3, zmm3, [rip+0x2DF] {1to16}  ; 0x00000001
vpaddd zmm3, zmm3, [rip+0x2DD] {1to16}  ; 0x00007FFF
vpaddd zmm3, zmm3, zmm2
vcmpps k1, zmm2, zmm2, 0x03
vpsrld zmm2, zmm3, 0x10
vblendmps zmm2 {k1}, zmm2, [rip+0x2BB] {1to16}  ; 0x00007FC0
vpslld zmm2, zmm2, 0x10
vpmovzxwd zmm3, ymmword ptr [r8+r11*2+0x40]
vpslld zmm3, zmm3, 0x10
vmulps zmm2, zmm2, zmm3
vpsrld zmm3, zmm2, 0x10
vandps zmm3, zmm3, [rip+0x28A] {1to16}  ; 0x00000001
vpaddd zmm3, zmm3, [rip+0x288] {1to16}  ; 0x00007FFF
vpaddd zmm3, zmm3, zmm2
vcmpps k1, zmm2, zmm2, 0x03
vpsrld zmm2, zmm3, 0x10
vblendmps zmm2 {k1}, zmm2, [rip+0x266] {1to16}  ; 0x00007FC0
vpmovdw ymmword ptr [rsi+r11*2+0x40], zmm2
vpmovzxwd zmm2, ymmword ptr [rax+r11*2+0x60]
vpslld zmm2, zmm2, 0x10
vmulps zmm2, zmm2, zmm1
vpsrld zmm3, zmm2, 0x10
vandps zmm3, zmm3, [rip+0x234] {1to16}  ; 0x00000001
vpaddd zmm3, zmm3, [rip+0x232] {1to16}  ; 0x00007FFF
vpaddd zmm3, zmm3, zmm2
vcmpps k1, zmm2, zmm2, 0x03
vpsrld zmm2, zmm3, 0x10
vblendmps zmm2 {k1}, zmm2, [rip+0x210] {1to16}  ; 0x00007FC0
vpslld zmm2, zmm2, 0x10
vpmovzxwd zmm3, ymmword ptr [r8+r11*2+0x60]
vpslld zmm3, zmm3, 0x10
vmulps zmm2, zmm2, zmm3
vpsrld zmm3, zmm2, 0x10
vandps zmm3, zmm3, [rip+0x1DF] {1to16}  ; 0x00000001
vpaddd zmm3, zmm3, [rip+0x1DD] {1to16}  ; 0x00007FFF
vpaddd zmm3, zmm3, zmm2
vcmpps k1, zmm2, zmm2, 0x03
vpsrld zmm2, zmm3, 0x10
vblendmps zmm2 {k1}, zmm2, [rip+0x1BB] {1to16}  ; 0x00007FC0
vpmovdw ymmword ptr [rsi+r11*2+0x60], zmm2
add r11, 0x40
sub rbx, 0x40
jnl -0x2B1
add rbx, 0x40
sub rbx, 0x10
jl +0xBC
vpmovzxwd zmm2, ymmword ptr [rax+r11*2]
vpslld zmm2, zmm2, 0x10
vmulps zmm2, zmm2, zmm1
vpsrld zmm3, zmm2, 0x10
vandps zmm3, zmm3, [rip+0x16E] {1to16}  ; 0x00000001
vpaddd zmm3, zmm3, [rip+0x16C] {1to16}  ; 0x00007FFF
vpaddd zmm3, zmm3, zmm2
vcmpps k1, zmm2, zmm2, 0x03
vpsrld zmm2, zmm3, 0x10
vblendmps zmm2 {k1}, zmm2, [rip+0x14A] {1to16}  ; 0x00007FC0
vpslld zmm2, zmm2, 0x10
vpmovzxwd zmm3, ymmword ptr [r8+r11*2]
vpslld zmm3, zmm3, 0x10
vmulps zmm2, zmm2, zmm3
vpsrld zmm3, zmm2, 0x10
vandps zmm3, zmm3, [rip+0x11A] {1to16}  ; 0x00000001
vpaddd zmm3, zmm3, [rip+0x118] {1to16}  ; 0x00007FFF
vpaddd zmm3, zmm3, zmm2
vcmpps k1, zmm2, zmm2, 0x03
vpsrld zmm2, zmm3, 0x10
vblendmps zmm2 {k1}, zmm2, [rip+0xF6] {1to16}  ; 0x00007FC0
vpmovdw ymmword ptr [rsi+r11*2], zmm2
add r11, 0x10
sub rbx, 0x10
jnl -0xB0
add rbx, 0x10
sub rbx, 0x01
jl +0xBA
movzx ebp, word ptr [rax+r11*2]
shl ebp, 0x10
vmovd xmm2, ebp
vmulps zmm2, zmm2, zmm1
vpsrld zmm3, zmm2, 0x10
vandps zmm3, zmm3, [rip+0xAC] {1to16}  ; 0x00000001
vpaddd zmm3, zmm3, [rip+0xAA] {1to16}  ; 0x00007FFF
vpaddd zmm3, zmm3, zmm2
vcmpps k1, zmm2, zmm2, 0x03
vpsrld zmm2, zmm3, 0x10
vblendmps zmm2 {k1}, zmm2, [rip+0x88] {1to16}  ; 0x00007FC0
vpslld zmm2, zmm2, 0x10
movzx ebp, word ptr [r8+r11*2]
shl ebp, 0x10
vmovd xmm3, ebp
vmulps zmm2, zmm2, zmm3
vpsrld zmm3, zmm2, 0x10
vandps zmm3, zmm3, [rip+0x5A] {1to16}  ; 0x00000001
vpaddd zmm3, zmm3, [rip+0x58] {1to16}  ; 0x00007FFF
vpaddd zmm3, zmm3, zmm2
vcmpps k1, zmm2, zmm2, 0x03
vpsrld zmm2, zmm3, 0x10
vblendmps zmm2 {k1}, zmm2, [rip+0x36] {1to16}  ; 0x00007FC0
vmovd ebp, xmm2
mov [rsi+r11*2], bp
add r11, 0x01
sub rbx, 0x01
jnl -0xAE
add rbx, 0x01
lea rax, [rax+r11*2]
lea rsi, [rsi+r11*2]
dec r10
jnz -0x5BC
pop rbp
pop rbx
vzeroupper
ret
