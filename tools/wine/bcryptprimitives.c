/* All of bcryptprimitives.dll that Rust's standard library asks for. Wine before version 9 has no such library, and a program that needs
 * it ends before it has begun. Built by `cargo xtask test --windows`. */
#include <windows.h>

/* RtlGenRandom, as advapi32 exports it. */
BOOLEAN NTAPI SystemFunction036(PVOID memory, ULONG bytes);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE memory, SIZE_T bytes)
{
    return SystemFunction036(memory, (ULONG)bytes);
}
