/* SPDX-License-Identifier: MIT */
/* md5_test.c - the vectors of RFC 1321 A.5, in one piece and byte by byte */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/md5.h"

static const struct {
	const char *text, *hex;
} vectors[] = {
    {"", "d41d8cd98f00b204e9800998ecf8427e"},
    {"a", "0cc175b9c0f1b6a831c399e269772661"},
    {"abc", "900150983cd24fb0d6963f7d28e17f72"},
    {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
     "d174ab98d277d9f5a5611c2c9f419d9f"},
    {"1234567890123456789012345678901234567890123456789012345678901234567890123456789"
     "0",
     "57edf4a22be3c955ac49da2e2107b67a"},
};

static void check(const u8 d[MD5_SIZE], const char *hex)
{
	char s[2 * MD5_SIZE + 1];

	for (int i = 0; i < MD5_SIZE; i++)
		snprintf(s + 2 * i, 3, "%02x", d[i]);
	assert_string_equal(s, hex);
}

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const char *t = vectors[i].text;
		struct md5 m;
		u8 d[MD5_SIZE];

		md5_init(&m);
		md5_add(&m, t, strlen(t));
		md5_end(&m, d);
		check(d, vectors[i].hex);
		md5_init(&m);
		for (size_t j = 0; t[j]; j++)
			md5_add(&m, t + j, 1);
		md5_end(&m, d);
		check(d, vectors[i].hex);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
