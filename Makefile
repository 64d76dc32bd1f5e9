# A thin door: meson and ninja do the work, tools/ holds what they don't.
#
#   make            build build/warren          make check     style, analysis, architecture
#   make run        see it work                 make bench     beside the kernel (as root)
#   make test       every test                  make fuzz F=tcp T=60   one harness for a time
#   make deps       install all that is needed  make install   into PREFIX (/usr/local)
#   make test-asan test-valgrind                the tests under a checker
#   make test-oracle [RECORD=1]                 the acceptance scripts on the kernel (as root)
#   make rules      the numbered rules, kernel and warren   make cover   make clean
#   make differ     random operations on the kernel and under warren (as root)

BUILD  = build
PREFIX = /usr/local
T      = 60
TESTS  =
MESON  = meson setup --prefix=$(PREFIX) --libdir=lib $(if $(CI),--werror)
export CI

build: $(BUILD)/build.ninja
	@ninja -C $(BUILD) -n | grep -q 'no work to do' || ninja -C $(BUILD) --quiet
	@ln -sfn src/cli/warren $(BUILD)/warren

$(BUILD)/build.ninja:
	@tools/deps build
	@$(MESON) $(BUILD) >$(BUILD).log 2>&1 && rm -f $(BUILD).log || { cat $(BUILD).log; exit 1; }

run:
	@tools/deps run
	@$(MAKE) -s build
	@tools/demo $(BUILD)/warren

test:
	@tools/deps test
	@$(MAKE) -s build
	@tools/run-tests --build $(BUILD) $(TESTS)

test-oracle:
	@tools/deps test
	@tools/run-tests --kernel $(if $(RECORD),--record) $(TESTS)

test-asan:
	@tools/deps test
	@$(MAKE) -s build BUILD=build-asan MESON='$(MESON) -Db_sanitize=address,undefined -Db_lundef=false'
	@tools/run-tests --build build-asan --slow 4 $(TESTS)

test-valgrind:
	@tools/deps all
	@$(MAKE) -s build
	@tools/run-tests --build $(BUILD) --valgrind $(TESTS)

rules:
	@tools/deps test
	@$(MAKE) -s build
	@tools/rules $(BUILD)

differ:
	@tools/deps test
	@$(MAKE) -s build
	@tools/differ --build $(BUILD) --ops 20000

cover:
	@tools/deps all
	@$(MAKE) -s build BUILD=build-cover MESON='$(MESON) -Db_coverage=true'
	@chmod -R a+rwX build-cover
	@umask 0; tools/run-tests --build build-cover --slow 2 $(TESTS); tools/cover build-cover

check:
	@tools/deps check
	@$(MAKE) -s build
	@tools/check $(BUILD)

bench:
	@tools/deps bench
	@$(MAKE) -s build
	@tools/bench $(BUILD)

fuzz:
	@tools/deps check
	@tools/fuzz $(F) $(T)

deps:
	@tools/deps all

install: build
	@meson configure $(BUILD) -Dprefix=$(PREFIX)
	@meson install -C $(BUILD)

clean:
	rm -rf build build-asan build-cover build-fuzz

.PHONY: build run test test-oracle test-asan test-valgrind rules differ cover check bench fuzz deps install clean
