package conn

import "unsafe"

const sizeOfConn = int(unsafe.Sizeof(Conn{}))
