#include "textflag.h"

// func Lines(p unsafe.Pointer, n int)
TEXT ·Lines(SB), NOSPLIT, $0-16
	MOVD p+0(FP), R0
	MOVD n+8(FP), R1
next:
	PRFM (R0), PLDL1KEEP
	ADD  $64, R0
	SUBS $1, R1
	BGT  next
	RET

// func each(asks *ask, n int)
TEXT ·each(SB), NOSPLIT, $0-16
	MOVD asks+0(FP), R0
	MOVD n+8(FP), R1
	CMP  $0, R1
	BLE  done
ask:
	MOVD (R0), R2
	MOVD 8(R0), R3
line:
	PRFM (R2), PLDL1KEEP
	ADD  $64, R2
	SUBS $1, R3
	BGT  line
	ADD  $16, R0
	SUBS $1, R1
	BGT  ask
done:
	RET
