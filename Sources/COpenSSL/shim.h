#pragma once
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

// EVP_RSA_gen is a macro over a variadic function, and Swift sees neither.
static inline EVP_PKEY *leadwright_rsa_generate(unsigned int bits) { return EVP_RSA_gen(bits); }
