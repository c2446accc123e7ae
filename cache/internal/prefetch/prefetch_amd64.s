#include "textflag.h"

// func Lines(p unsafe.Pointer, n int)
TEXT ·Lines(SB), NOSPLIT, $0-16
	MOVQ p+0(FP), AX
	MOVQ n+8(FP), CX
next:
	PREFETCHT0 (AX)
	ADDQ $64, AX
	DECQ CX
	JG   next
	RET

// func each(asks *ask, n int)
TEXT ·each(SB), NOSPLIT, $0-16
	MOVQ asks+0(FP), AX
	MOVQ n+8(FP), CX
	TESTQ CX, CX
	JLE  done
ask:
	MOVQ (AX), BX
	MOVQ 8(AX), DX
line:
	PREFETCHT0 (BX)
	ADDQ $64, BX
	DECQ DX
	JG   line
	ADDQ $16, AX
	DECQ CX
	JG   ask
done:
	RET
