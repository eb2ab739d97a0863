/* A mapping read by the rows of one section, or of several at once. Sections hold rows, and the
 * rows of some types hold sections: so section.c and values.c call each other. */
#ifndef TENTERHOOK_CONFIG_SECTION_H
#define TENTERHOOK_CONFIG_SECTION_H

#include "config/load_context.h"

/* Reads all keys of the mapping `node` into `settings` by the section's rows: unknown and repeated
 * keys (with "did you mean"), types, bounds, defaults, then, if all that was right, `finish`. False
 * if anything was wrong. */
bool load_section(struct load *load, const struct node *node, const struct row_section *section,
                  void *settings);

/* ---- for the loader ---- */

/* One section whose rows are read out of a mapping, and where to. */
struct load_part {
    const struct row_section *section;
    void *settings;
};

enum { LOAD_PARTS_MAX = 32 };

/* A mapping that is read by several sections at once. */
struct load_mapping {
    const char *name; /* in messages: "a route" */
    struct load_part parts[LOAD_PARTS_MAX];
    size_t part_count;
    const struct node *fallback; /* `defaults`: where keys are looked for that are not there */
    bool partial;                /* nothing is required or defaulted, and no finish is run */
    unsigned needed_flag;        /* rows without this flag may not stand here */
    unsigned refused_flag;       /* rows with this flag may not stand here */
    const char *elsewhere;       /* … because: "stands only in the main file" */
    /* Has a better message for an unknown key: true if it gave one. May be NULL. */
    bool (*unknown)(struct load *load, const struct load_mapping *mapping,
                    const struct node *value);
    const void *context;
};

void load_mapping_add(struct load_mapping *mapping, const struct row_section *section,
                      void *settings);
/* Adds a section with a fresh block of settings; NULL without memory (after a problem). */
void *load_mapping_add_block(struct load *load, struct load_mapping *mapping,
                             const struct row_section *section);
/* The same for all sections of a registry list; returns the blocks. */
void **load_mapping_add_parts(struct load *load, struct load_mapping *mapping,
                              const struct row_section *const *sections);
bool load_mapping_read(struct load *load, const struct node *node,
                       const struct load_mapping *mapping);

/* Reports an unknown key with the nearest of `names`. Beside secrets a key without a value may be
 * one that stands in braces: it is not repeated. */
bool load_unknown(struct load *load, const struct node *value, const char *where,
                  const char *const *names, bool beside_secrets);

#endif
