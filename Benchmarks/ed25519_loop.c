/* What libsodium's own Ed25519 verification takes here: `bench_log.py` sets ours against it.
 *
 *     ed25519_loop BYTES ROUNDS
 *
 * Signs a message of so many bytes, verifies the signature ROUNDS times, prints the median in microseconds. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(int count, char **arguments) {
    unsigned char public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES], signature[crypto_sign_BYTES];
    size_t length = count == 3 ? strtoul(arguments[1], NULL, 10) : 0;
    size_t rounds = count == 3 ? strtoul(arguments[2], NULL, 10) : 0;
    unsigned char *message = calloc(length + 1, 1);
    double *times = calloc(rounds + 1, sizeof *times);
    if (length == 0 || rounds == 0 || message == NULL || times == NULL || sodium_init() < 0) return 64;
    crypto_sign_keypair(public, secret);
    crypto_sign_detached(signature, NULL, message, length, secret);
    for (size_t round = 0; round < rounds; round++) {
        double began = now();
        if (crypto_sign_verify_detached(signature, message, length, public) != 0) return 1;
        times[round] = now() - began;
    }
    qsort(times, rounds, sizeof *times, compare);
    printf("%f\n", times[rounds / 2]);
    return 0;
}
