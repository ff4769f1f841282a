/* Multiply-accumulates a second that one core can issue with one kind of instruction, operands in registers.
   Compiled and run by train/bench/limit.py: `cc -O2 -DKIND=… limit.c`. Prints the best of several runs. */
#define _GNU_SOURCE
#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define VNNI512 1
#define VNNI256 2
#define AMX 3
/* Short runs: the best of them is one that nothing interrupted. */
#define TURNS (KIND == AMX ? 40000L : 500000L)

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#if KIND == AMX
/* Eight tiles: four accumulators, two of each operand; 16 x 16 x 64 products an instruction. */
#define PRODUCTS (4.0 * 16 * 16 * 64)
__attribute__((target("amx-tile,amx-int8"))) static void turns(long n) {
  struct { uint8_t palette, start, rest[14]; uint16_t bytes[16]; uint8_t rows[16]; } shape = {.palette = 1};
  for (int i = 0; i < 8; i++) shape.bytes[i] = 64, shape.rows[i] = 16;
  /* Some compilers think that the instruction reads eight bytes of the shape only. */
  __asm__ volatile("" : : "r"(&shape) : "memory");
  _tile_loadconfig(&shape);
  _tile_zero(0); _tile_zero(1); _tile_zero(2); _tile_zero(3);
  _tile_zero(4); _tile_zero(5); _tile_zero(6); _tile_zero(7);
  for (long i = 0; i < n; i++) {
    _tile_dpbusd(0, 4, 6); _tile_dpbusd(1, 4, 7); _tile_dpbusd(2, 5, 6); _tile_dpbusd(3, 5, 7);
  }
  _tile_release();
}
static int ready(void) { return syscall(SYS_arch_prctl, 0x1023, 18) == 0; }
#else
/* Twelve independent accumulators hide the latency. */
#if KIND == VNNI512
#define PRODUCTS (12.0 * 64)
#define TARGET "avx512f,avx512vnni"
typedef __m512i vector;
#define ZERO _mm512_setzero_si512()
#define ACCUMULATE(r) r = _mm512_dpbusd_epi32(r, a, b)
#else
#define PRODUCTS (12.0 * 32)
#define TARGET "avx2,avxvnni"
typedef __m256i vector;
#define ZERO _mm256_setzero_si256()
#define ACCUMULATE(r) r = _mm256_dpbusd_avx_epi32(r, a, b)
#endif
/* The empty asm makes each value unknown to the compiler, so that no turn can be left out. */
#define KEEP(r) __asm__ volatile("" : "+v"(r))
__attribute__((target(TARGET))) static void turns(long n) {
  vector a = ZERO, b = ZERO, r0 = ZERO, r1 = ZERO, r2 = ZERO, r3 = ZERO, r4 = ZERO, r5 = ZERO;
  vector r6 = ZERO, r7 = ZERO, r8 = ZERO, r9 = ZERO, r10 = ZERO, r11 = ZERO;
  KEEP(a); KEEP(b);
  for (long i = 0; i < n; i++) {
    ACCUMULATE(r0); ACCUMULATE(r1); ACCUMULATE(r2); ACCUMULATE(r3); ACCUMULATE(r4); ACCUMULATE(r5);
    ACCUMULATE(r6); ACCUMULATE(r7); ACCUMULATE(r8); ACCUMULATE(r9); ACCUMULATE(r10); ACCUMULATE(r11);
    KEEP(r0); KEEP(r1); KEEP(r2); KEEP(r3); KEEP(r4); KEEP(r5);
    KEEP(r6); KEEP(r7); KEEP(r8); KEEP(r9); KEEP(r10); KEEP(r11);
  }
}
static int ready(void) { return 1; }
#endif

int main(void) {
  if (!ready()) return 1;
  double best = 0;
  for (int run = 0; run < 200; run++) {
    double start = now();
    turns(TURNS);
    double rate = PRODUCTS * TURNS / (now() - start);
    if (rate > best) best = rate;
  }
  printf("%.6g\n", best);
  return 0;
}
