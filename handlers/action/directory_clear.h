/* Removes all that is in a directory, however deep. */
#ifndef TENTERHOOK_HANDLERS_ACTION_DIRECTORY_CLEAR_H
#define TENTERHOOK_HANDLERS_ACTION_DIRECTORY_CLEAR_H

/* Takes over the descriptor of the directory. Follows no link. What cannot be removed stays. */
void directory_clear(int directory);

#endif
