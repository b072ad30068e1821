/// A plugin for QEMU 7 and later (plugin interface 1): counts the instructions that a program executes.
///
///     gcc -shared -fPIC -O2 -o count.so count.c
///     qemu-aarch64 -plugin count.so PROGRAM               # the last line of stderr: instructions 123456
///     qemu-aarch64 -plugin count.so,blocks=FILE PROGRAM   # also writes each block: address, instructions, executions
///
/// A block is a run of instructions that ends at a branch. The count is of the emulated processor's instructions, so it
/// does not depend on the machine or its load. Debian has no qemu-plugin.h. What is used of it is declared here.
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
enum { QEMU_PLUGIN_INLINE_ADD_U64 = 0 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb* block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb* block);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb*));
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb*, int operation, void* counter, uint64_t amount);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void*), void* argument);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/// A block as QEMU translated it. The same block may be translated again, and is then listed twice.
struct block {
  uint64_t address, instructions, executions;
  struct block* previous;
};
static struct block* last;
static const char* blocks_file;

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb* tb) {
  (void)id;
  struct block* const block = malloc(sizeof *block);
  *block = (struct block){qemu_plugin_tb_vaddr(tb), qemu_plugin_tb_n_insns(tb), 0, last};
  last = block;
  qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &block->executions, 1);
}

static void report(qemu_plugin_id_t id, void* argument) {
  (void)id, (void)argument;
  FILE* const file = blocks_file ? fopen(blocks_file, "w") : NULL;
  uint64_t instructions = 0;
  for (const struct block* block = last; block; block = block->previous) {
    instructions += block->instructions * block->executions;
    if (file)
      fprintf(file, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", block->address, block->instructions, block->executions);
  }
  if (file) fclose(file);
  fprintf(stderr, "instructions %" PRIu64 "\n", instructions);
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const void* info, int argc,
                                                               char** argv) {
  (void)info;
  for (int i = 0; i < argc; ++i)
    if (strncmp(argv[i], "blocks=", 7) == 0) blocks_file = strdup(argv[i] + 7);
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, report, NULL);
  return 0;
}
