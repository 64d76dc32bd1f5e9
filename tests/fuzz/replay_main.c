/* SPDX-License-Identifier: MIT */
/*
 * replay_main.c - run a harness over the files of a directory
 *
 * So what a fuzzer once found is a test for ever, with any compiler.
 */

#include "fuzz.h"

#include <dirent.h>

static u8 *read_file(const char *dir, const char *name, size_t *size)
{
	char path[4096];
	FILE *f;
	u8 *data;
	long end;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	BUG_ON(!f || fseek(f, 0, SEEK_END));
	end = ftell(f);
	BUG_ON(end < 0);
	*size = (size_t)end;
	rewind(f);
	data = malloc(*size ? *size : 1);
	BUG_ON(!data || fread(data, 1, *size, f) != *size);
	fclose(f);
	return data;
}

int main(int argc, char **argv)
{
	const struct dirent *e;
	int files = 0;
	DIR *d;

	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	d = opendir(argv[1]);
	if (!d) {
		perror(argv[1]);
		return 1;
	}
	while ((e = readdir(d))) {
		size_t size;
		u8 *data;

		if (e->d_name[0] == '.')
			continue;
		data = read_file(argv[1], e->d_name, &size);
		LLVMFuzzerTestOneInput(data, size);
		free(data);
		files++;
	}
	closedir(d);
	printf("%d inputs\n", files);
	return files ? 0 : 1;
}
