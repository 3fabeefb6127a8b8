/*
 * Preloaded into every process of a scenario: counts the calls that change something below one directory, over all
 * processes, and makes the Nth of them fail, kill its process, or cut the power of the file system.
 *
 *   SHIM_DIR      the directory; what happens elsewhere is passed on unseen
 *   SHIM_COUNTER  a file of 4 bytes, shared by all processes: the number of the last call
 *   SHIM_LOG      one line for each call: number, pid, role, call, path
 *   SHIM_AT       number of the call to disturb; 0 or absent: none
 *   SHIM_DO       kill | cut (of the file system at SHIM_DIR) | an errno
 *   SHIM_CUT      argument of the shutdown ioctl: 1 the journal is written out first, 2 it is not
 *   SHIM_STICKY   1: every later call fails too (a full or a read-only volume stays so)
 *   SHIM_SKIP     words with colons between: calls on paths that contain one of them are passed on
 *   SHIM_ROLE     only calls of this role count
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* The same number for ext4, XFS and f2fs. */
#define SHUTDOWN _IOR('X', 125, unsigned int)

static const char *directory, *action, *skip[8];
static size_t directory_length;
static unsigned int at, cut_flags, *counter;
static int sticky, log_fd = -1;
static char role[64] = "?";

static void name_role(void) {
  char line[4096];
  int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY, 0);
  ssize_t length = fd < 0 ? 0 : syscall(SYS_read, fd, line, sizeof line - 1);
  if (fd >= 0) syscall(SYS_close, fd);
  if (length <= 0) return;
  line[length] = 0;
  const char *last = line, *program = strrchr(line, '/') ? strrchr(line, '/') + 1 : line;
  int is_loader = 0;
  /* `node [options] main.js COMMAND` is COMMAND; any other program is its name. */
  for (const char *word = line; word < line + length; word += strlen(word) + 1) {
    size_t size = strlen(word);
    if (is_loader) { last = word; break; }
    if ((size >= 7 && strcmp(word + size - 7, "main.js") == 0) || (size >= 12 && strcmp(word + size - 12, "dockerloader") == 0)) {
      is_loader = 1;
      last = "run";
    }
  }
  snprintf(role, sizeof role, "%.60s", is_loader ? last : program);
}

__attribute__((constructor)) static void start(void) {
  directory = getenv("SHIM_DIR");
  const char *shared = getenv("SHIM_COUNTER"), *log = getenv("SHIM_LOG");
  if (!directory || !shared) { directory = NULL; return; }
  directory_length = strlen(directory);
  action = getenv("SHIM_DO");
  char *words = getenv("SHIM_SKIP") ? strdup(getenv("SHIM_SKIP")) : NULL;
  int count = 0;
  for (char *word = words ? strtok(words, ":") : NULL; word && count < 8; word = strtok(NULL, ":")) skip[count++] = word;
  at = getenv("SHIM_AT") ? (unsigned int)atoi(getenv("SHIM_AT")) : 0;
  cut_flags = getenv("SHIM_CUT") ? (unsigned int)atoi(getenv("SHIM_CUT")) : 2;
  sticky = getenv("SHIM_STICKY") != NULL;
  int fd = (int)syscall(SYS_openat, AT_FDCWD, shared, O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) { directory = NULL; return; }
  counter = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  if (log) log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
  /* As in a container: nothing outlives its loader. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  name_role();
  if (getenv("SHIM_ROLE") && strcmp(getenv("SHIM_ROLE"), role) != 0) directory = NULL;
}

static void die(void) {
  for (;;) syscall(SYS_kill, getpid(), SIGKILL);
}

/* A full volume still lets things be removed and renamed. */
static int frees(const char *call) {
  return strcmp(call, "open") != 0 && strcmp(call, "write") != 0 && strcmp(call, "mkdir") != 0 &&
         strcmp(call, "symlink") != 0 && strcmp(call, "link") != 0;
}

/* Counts one call on an absolute path. 0: go on; else the errno to fail with. Does not return when it is time to die. */
static int disturb(const char *call, const char *path) {
  if (!directory || strncmp(path, directory, directory_length) != 0) return 0;
  if (path[directory_length] != '/' && path[directory_length] != 0) return 0;
  for (int index = 0; index < 8 && skip[index]; index++) if (strstr(path, skip[index])) return 0;
  unsigned int number = __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
  int hit = at != 0 && (number == at || (sticky && number > at && !(frees(call) && atoi(action) == ENOSPC)));
  if (log_fd >= 0) {
    char line[PATH_MAX + 128];
    int length = snprintf(line, sizeof line, "%u %d %s %s%s %s\n", number, getpid(), role, call, hit ? "!" : "", path + directory_length);
    syscall(SYS_write, log_fd, line, length);
  }
  if (!hit) return 0;
  if (strcmp(action, "kill") == 0) die();
  if (strcmp(action, "cut") == 0) {
    int fd = (int)syscall(SYS_openat, AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 || syscall(SYS_ioctl, fd, SHUTDOWN, &cut_flags) != 0) syscall(SYS_write, log_fd, "cut failed\n", 11);
    die();
  }
  return atoi(action);
}

static int disturb_at(const char *call, int dirfd, const char *path) {
  if (!directory) return 0;
  if (path[0] == '/') return disturb(call, path);
  char base[PATH_MAX], link[64];
  ssize_t length;
  if (dirfd == AT_FDCWD) length = getcwd(base, sizeof base) ? (ssize_t)strlen(base) : -1;
  else {
    snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd);
    length = readlink(link, base, sizeof base - 1);
  }
  if (length < 0) return 0;
  base[length] = 0;
  char full[2 * PATH_MAX];
  snprintf(full, sizeof full, "%s/%s", base, path);
  return disturb(call, full);
}

static int disturb_fd(const char *call, int fd) {
  if (!directory) return 0;
  char path[PATH_MAX], link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return disturb(call, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define CHECK(test) do { int fault = (test); if (fault) { errno = fault; return -1; } } while (0)

static int creates(int flags) { return (flags & (O_CREAT | O_TRUNC)) || (flags & O_ACCMODE) != O_RDONLY; }
#define MODE(last) mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, last); mode = va_arg(list, mode_t); va_end(list); }

int open(const char *path, int flags, ...) { MODE(flags) if (creates(flags)) CHECK(disturb_at("open", AT_FDCWD, path)); return REAL(open)(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) if (creates(flags)) CHECK(disturb_at("open", AT_FDCWD, path)); return REAL(open64)(path, flags, mode); }
int openat(int dir, const char *path, int flags, ...) { MODE(flags) if (creates(flags)) CHECK(disturb_at("open", dir, path)); return REAL(openat)(dir, path, flags, mode); }
int openat64(int dir, const char *path, int flags, ...) { MODE(flags) if (creates(flags)) CHECK(disturb_at("open", dir, path)); return REAL(openat64)(dir, path, flags, mode); }
int creat(const char *path, mode_t mode) { CHECK(disturb_at("open", AT_FDCWD, path)); return REAL(creat)(path, mode); }
int creat64(const char *path, mode_t mode) { CHECK(disturb_at("open", AT_FDCWD, path)); return REAL(creat64)(path, mode); }

ssize_t write(int fd, const void *data, size_t size) { CHECK(disturb_fd("write", fd)); return REAL(write)(fd, data, size); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { CHECK(disturb_fd("write", fd)); return REAL(pwrite)(fd, data, size, offset); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) { CHECK(disturb_fd("write", fd)); return REAL(pwrite64)(fd, data, size, offset); }
ssize_t writev(int fd, const struct iovec *parts, int count) { CHECK(disturb_fd("write", fd)); return REAL(writev)(fd, parts, count); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { CHECK(disturb_fd("write", fd)); return REAL(pwritev)(fd, parts, count, offset); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) { CHECK(disturb_fd("write", fd)); return REAL(pwritev64)(fd, parts, count, offset); }
int ftruncate(int fd, off_t size) { CHECK(disturb_fd("truncate", fd)); return REAL(ftruncate)(fd, size); }
int ftruncate64(int fd, off64_t size) { CHECK(disturb_fd("truncate", fd)); return REAL(ftruncate64)(fd, size); }
int fsync(int fd) { CHECK(disturb_fd("fsync", fd)); return REAL(fsync)(fd); }
int fdatasync(int fd) { CHECK(disturb_fd("fsync", fd)); return REAL(fdatasync)(fd); }
int syncfs(int fd) { CHECK(disturb_fd("syncfs", fd)); return REAL(syncfs)(fd); }
int fchmod(int fd, mode_t mode) { CHECK(disturb_fd("chmod", fd)); return REAL(fchmod)(fd, mode); }
int fchown(int fd, uid_t uid, gid_t gid) { CHECK(disturb_fd("chown", fd)); return REAL(fchown)(fd, uid, gid); }
int futimens(int fd, const struct timespec times[2]) { CHECK(disturb_fd("utimes", fd)); return REAL(futimens)(fd, times); }

int chmod(const char *path, mode_t mode) { CHECK(disturb_at("chmod", AT_FDCWD, path)); return REAL(chmod)(path, mode); }
int fchmodat(int dir, const char *path, mode_t mode, int flags) { CHECK(disturb_at("chmod", dir, path)); return REAL(fchmodat)(dir, path, mode, flags); }
int chown(const char *path, uid_t uid, gid_t gid) { CHECK(disturb_at("chown", AT_FDCWD, path)); return REAL(chown)(path, uid, gid); }
int lchown(const char *path, uid_t uid, gid_t gid) { CHECK(disturb_at("chown", AT_FDCWD, path)); return REAL(lchown)(path, uid, gid); }
int fchownat(int dir, const char *path, uid_t uid, gid_t gid, int flags) { CHECK(disturb_at("chown", dir, path)); return REAL(fchownat)(dir, path, uid, gid, flags); }
int utimensat(int dir, const char *path, const struct timespec times[2], int flags) {
  CHECK(disturb_at("utimes", dir, path));
  return REAL(utimensat)(dir, path, times, flags);
}

int rename(const char *from, const char *to) { CHECK(disturb_at("rename", AT_FDCWD, to)); return REAL(rename)(from, to); }
int renameat(int fromdir, const char *from, int todir, const char *to) { CHECK(disturb_at("rename", todir, to)); return REAL(renameat)(fromdir, from, todir, to); }
int renameat2(int fromdir, const char *from, int todir, const char *to, unsigned int flags) { CHECK(disturb_at("rename", todir, to)); return REAL(renameat2)(fromdir, from, todir, to, flags); }
int symlink(const char *target, const char *path) { CHECK(disturb_at("symlink", AT_FDCWD, path)); return REAL(symlink)(target, path); }
int symlinkat(const char *target, int dir, const char *path) { CHECK(disturb_at("symlink", dir, path)); return REAL(symlinkat)(target, dir, path); }
int link(const char *from, const char *to) { CHECK(disturb_at("link", AT_FDCWD, to)); return REAL(link)(from, to); }
int linkat(int fromdir, const char *from, int todir, const char *to, int flags) { CHECK(disturb_at("link", todir, to)); return REAL(linkat)(fromdir, from, todir, to, flags); }
int unlink(const char *path) { CHECK(disturb_at("unlink", AT_FDCWD, path)); return REAL(unlink)(path); }
int unlinkat(int dir, const char *path, int flags) { CHECK(disturb_at(flags & AT_REMOVEDIR ? "rmdir" : "unlink", dir, path)); return REAL(unlinkat)(dir, path, flags); }
int rmdir(const char *path) { CHECK(disturb_at("rmdir", AT_FDCWD, path)); return REAL(rmdir)(path); }
int mkdir(const char *path, mode_t mode) { CHECK(disturb_at("mkdir", AT_FDCWD, path)); return REAL(mkdir)(path, mode); }
int mkdirat(int dir, const char *path, mode_t mode) { CHECK(disturb_at("mkdir", dir, path)); return REAL(mkdirat)(dir, path, mode); }
