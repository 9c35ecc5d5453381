/* SPDX-License-Identifier: Apache-2.0 */
/* test_tree.c - trees are removed, and nothing that is not in them, whatever
 * whoever has made them does meanwhile; small files are looked into. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdk/base/alloc.h"
#include "sdk/base/file.h"

#define DEEP 3000
#define ROUNDS 300
#define PAGE ((size_t)65536) /* the largest that machines have */

struct place {
    char *folder, *tree, *other, *kept;
};

static void place_open(struct place *place)
{
    assert_int_equal(file_make_temporary("/tmp", "tree-", &place->folder,
                                         NULL), ENGINE_OK);
    place->tree = engine_strf("%s/tree", place->folder);
    place->other = engine_strf("%s/other", place->folder);
    place->kept = engine_strf("%s/other/kept", place->folder);
    assert_int_equal(mkdir(place->tree, 0700), 0);
    assert_int_equal(mkdir(place->other, 0700), 0);
    assert_int_equal(file_write(place->kept, "x", 1, 0600, NULL), ENGINE_OK);
}

static void place_close(struct place *place)
{
    assert_true(file_exists(place->kept));
    assert_int_equal(file_remove_tree(place->folder, NULL), ENGINE_OK);
    assert_false(file_exists(place->folder));
    engine_free(place->folder);
    engine_free(place->tree);
    engine_free(place->other);
    engine_free(place->kept);
}

static void put(const char *folder, const char *name, const char *link)
{
    char *path = engine_strf("%s/%s", folder, name);

    if (link)
        assert_int_equal(symlink(link, path), 0);
    else
        assert_int_equal(file_write(path, "x", 1, 0600, NULL), ENGINE_OK);
    engine_free(path);
}

static void removes_everything_and_follows_no_link(void **state)
{
    struct place place;
    char *path;

    (void)state;
    place_open(&place);
    for (int i = 0; i < 200; i++) {
        char name[32];

        snprintf(name, sizeof(name), "file-%d", i);
        put(place.tree, name, NULL);
    }
    put(place.tree, "link", place.other);
    path = engine_strf("%s/fifo", place.tree);
    assert_int_equal(mkfifo(path, 0600), 0);
    engine_free(path);
    path = engine_strf("%s/sub", place.tree);
    assert_int_equal(mkdir(path, 0700), 0);
    put(path, "link", place.other);
    put(path, ".hidden", NULL);
    engine_free(path);
    assert_int_equal(file_remove_tree(place.tree, NULL), ENGINE_OK);
    assert_false(file_exists(place.tree));
    /* once more: it is missing, which is fine; and a link or file alone */
    assert_int_equal(file_remove_tree(place.tree, NULL), ENGINE_OK);
    put(place.folder, "tree", place.other);
    assert_int_equal(file_remove_tree(place.tree, NULL), ENGINE_OK);
    assert_false(file_exists(place.tree));
    put(place.folder, "tree", NULL);
    assert_int_equal(file_remove_tree(place.tree, NULL), ENGINE_OK);
    assert_false(file_exists(place.tree));
    place_close(&place);
}

static void removes_what_no_path_can_name(void **state)
{
    struct place place;
    int at;

    (void)state;
    place_open(&place);
    at = open(place.tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < DEEP; i++) {
        int next;

        assert_int_equal(mkdirat(at, "deeper", 0700), 0);
        assert_int_equal(symlinkat(place.other, at, "link"), 0);
        next = openat(at, "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(next >= 0);
        close(at);
        at = next;
    }
    close(at);
    assert_int_equal(file_remove_tree(place.tree, NULL), ENGINE_OK);
    assert_false(file_exists(place.tree));
    place_close(&place);
}

struct mischief {
    const struct place *place;
    atomic_bool over;
};

/* A folder that is there, then a link in its stead, and again. */
static void *swap(void *user)
{
    struct mischief *mischief = user;
    char *sub = engine_strf("%s/sub", mischief->place->tree);

    while (!atomic_load(&mischief->over)) {
        (void)mkdir(sub, 0700);
        (void)rmdir(sub);
        (void)!symlink(mischief->place->other, sub);
        (void)unlink(sub);
    }
    engine_free(sub);
    return NULL;
}

static void is_not_led_astray_by_who_changes_it(void **state)
{
    struct mischief mischief = {.over = false};
    struct place place;
    pthread_t thread;

    (void)state;
    place_open(&place);
    mischief.place = &place;
    assert_int_equal(pthread_create(&thread, NULL, swap, &mischief), 0);
    for (int i = 0; i < ROUNDS; i++) {
        (void)file_remove_tree(place.tree, NULL);
        (void)mkdir(place.tree, 0700);
    }
    atomic_store(&mischief.over, true);
    pthread_join(thread, NULL);
    place_close(&place); /* what is beside it is all there */
}

/* Folders that their owner has closed to himself, and who is not root. */
static bool removes_closed_folders(const struct place *place)
{
    static const mode_t modes[] = {0500, 0300, 0000, 0600};
    char path[300];
    bool removed;

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        snprintf(path, sizeof(path), "%s/%zu/inner", place->tree, i);
        if (file_make_directory(path, NULL) != ENGINE_OK)
            return false;
        snprintf(path, sizeof(path), "%s/%zu/inner/file", place->tree, i);
        if (file_write(path, "x", 1, 0400, NULL) != ENGINE_OK)
            return false;
        snprintf(path, sizeof(path), "%s/%zu/inner", place->tree, i);
        if (chmod(path, modes[i]) < 0)
            return false;
        snprintf(path, sizeof(path), "%s/%zu", place->tree, i);
        if (chmod(path, modes[i]) < 0)
            return false;
    }
    if (chmod(place->tree, 0500) < 0)
        return false;
    removed = file_remove_tree(place->tree, NULL) == ENGINE_OK;
    return removed && !file_exists(place->tree);
}

static void removes_what_its_owner_has_closed(void **state)
{
    struct place place;
    int how = 0;
    pid_t pid;

    (void)state;
    place_open(&place);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (geteuid() == 0 &&
            (chown(place.folder, 65534, 65534) < 0 ||
             chown(place.tree, 65534, 65534) < 0 || setgid(65534) < 0 ||
             setuid(65534) < 0))
            _exit(2);
        _exit(removes_closed_folders(&place) ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_int_equal(how, 0);
    place_close(&place);
}

/* /proc/self/maps, of a line for each of some hundred mappings: a read(2) of it
 * gives a page. */
static void looks_into_files_as_far_as_there_is_room(void **state)
{
    static char text[16 * 1024];
    struct place place;
    char *mapped;

    (void)state;
    place_open(&place);
    mapped = mmap(NULL, 800 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                  0);
    assert_true(mapped != MAP_FAILED);
    for (size_t i = 0; i < 800; i += 2)
        assert_int_equal(mprotect(mapped + i * PAGE, PAGE, PROT_NONE), 0);
    assert_int_equal(file_peek(AT_FDCWD, "/proc/self/maps", text,
                               sizeof(text)), sizeof(text) - 1);
    assert_int_equal(strlen(text), sizeof(text) - 1);
    assert_int_equal(munmap(mapped, 800 * PAGE), 0);
    assert_int_equal(file_peek(AT_FDCWD, place.kept, text, sizeof(text)), 1);
    assert_string_equal(text, "x");
    assert_int_equal(file_peek(AT_FDCWD, place.kept, text, 1), 0);
    assert_string_equal(text, "");
    text[0] = 'o';
    assert_int_equal(file_peek(AT_FDCWD, place.tree, text, sizeof(text)), 0);
    assert_string_equal(text, "");
    assert_int_equal(file_peek(AT_FDCWD, "/none/of/it", text, 10), 0);
    place_close(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(removes_everything_and_follows_no_link),
        cmocka_unit_test(removes_what_no_path_can_name),
        cmocka_unit_test(removes_what_its_owner_has_closed),
        cmocka_unit_test(is_not_led_astray_by_who_changes_it),
        cmocka_unit_test(looks_into_files_as_far_as_there_is_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
