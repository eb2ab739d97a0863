/* The texts of a command in the route file that may have values of the event in them. */
#ifndef TENTERHOOK_HANDLERS_ACTION_COMMAND_TEXTS_H
#define TENTERHOOK_HANDLERS_ACTION_COMMAND_TEXTS_H

#include "config/row.h"
#include "handlers/action/command.h"

/* Readers of rows; the field is the whole struct command_settings. */
bool command_read_arguments(struct load *load, const struct node *node, const struct row *row,
                            void *field);
bool command_read_env(struct load *load, const struct node *node, const struct row *row,
                      void *field);
bool command_read_cwd(struct load *load, const struct node *node, const struct row *row,
                      void *field);

/* When all is read: settings without values have no templates. False for those. */
bool command_drop_unused_templates(struct command_settings *settings);

/* See struct action_kind. */
bool command_visit_references(const void *settings, const struct reference_visitor *visitor);

#endif
