/* SPDX-License-Identifier: Apache-2.0 */
/* store_suite_tests.h - the suite's table, filled by store_suite_tests.c. */
#ifndef TESTS_UNIT_STORE_SUITE_TESTS_H
#define TESTS_UNIT_STORE_SUITE_TESTS_H

#include "tests/unit/store_suite.h"

struct store_suite_test {
    const char *name;
    void (*fn)(const struct suite *suite);
};

/** Ends with a NULL name. */
extern const struct store_suite_test store_suite_tests[];

/* store_suite_query.c */
void filters_answer_like_the_matcher(const struct suite *suite);
void filters_within_and_answer_like_the_matcher(const struct suite *suite);
void sorts_by_the_order_of_values(const struct suite *suite);
void finds_by_id_without_a_sort(const struct suite *suite);
void skips_and_limits(const struct suite *suite);
void gives_only_the_asked_fields(const struct suite *suite);
void refuses_bad_queries(const struct suite *suite);
void counts_by_a_string_field(const struct suite *suite);
void deletes_what_matches(const struct suite *suite);
void a_long_in_list_finds_all(const struct suite *suite);

/* store_suite_list.c */
void finds_by_one_of_many_texts(const struct suite *suite);
void lists_follow_what_is_written(const struct suite *suite);
void lists_follow_a_transaction(const struct suite *suite);

/* store_suite_path.c */
void filters_find_keys_with_dots(const struct suite *suite);
void filters_take_every_operator(const struct suite *suite);
void sorts_by_keys_with_dots(const struct suite *suite);
void groups_and_deletes_by_keys_with_dots(const struct suite *suite);
void swaps_by_keys_with_dots(const struct suite *suite);
void many_documents_come_in_order(const struct suite *suite);
void many_documents_are_deleted_by_keys_with_dots(const struct suite *suite);

/* store_suite_transaction.c */
void a_transaction_reads_its_own_writes(const struct suite *suite);
void a_transaction_deletes_what_it_wrote(const struct suite *suite);
void a_transaction_swaps_what_it_sees(const struct suite *suite);
void the_last_of_equal_ids_is_kept(const struct suite *suite);

/* store_suite_process.c */
void four_processes_write_at_once(const struct suite *suite);
void only_one_process_wins_each_swap(const struct suite *suite);
void a_killed_writer_leaves_whole_batches(const struct suite *suite);

#endif
