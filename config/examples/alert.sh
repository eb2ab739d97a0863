#!/bin/sh
# Tells a person what has failed: an action for `on_failure` (docs/deliveries.md, alert.yaml). Set what you have:
#
#   ALERT_NTFY   a topic of ntfy, such as https://ntfy.sh/a-name-that-nobody-guesses
#   ALERT_SLACK  an incoming webhook of Slack, Mattermost or Rocket.Chat
#   ALERT_MAIL   an address; needs mail(1)
#
# Exit 75 where the message could not be sent: it is tried again.
set -u

if [ -n "$TENTERHOOK_FAILED_ACTION" ]; then
    title="$TENTERHOOK_ROUTE: $TENTERHOOK_FAILED_ACTION failed"
else
    title="$TENTERHOOK_ROUTE: $TENTERHOOK_EVENT"
fi
text="$TENTERHOOK_FAILED_REASON
$(printf '%s\n' "$TENTERHOOK_FAILED_OUTPUT" | tail -n 5)
tenterhook events show $TENTERHOOK_ID"
if [ "$TENTERHOOK_FAILED_COUNT" -gt 0 ]; then
    text="$text
and $TENTERHOOK_FAILED_COUNT more failures of this route"
fi

# The inside of a JSON string.
escape() {
    printf '%s' "$1" | tr '\t' ' ' | tr -d '\000-\010\013-\037\177' |
        sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' | awk '{printf "%s%s", line, $0; line = "\\n"}'
}

if [ -n "${ALERT_NTFY-}" ]; then
    printf '%s\n' "$text" | curl -fsS --max-time 20 -H "Title: $title" --data-binary @- "$ALERT_NTFY" || exit 75
fi
if [ -n "${ALERT_SLACK-}" ]; then
    printf '{"text":"*%s*\\n%s"}' "$(escape "$title")" "$(escape "$text")" |
        curl -fsS --max-time 20 -H 'Content-Type: application/json' --data-binary @- "$ALERT_SLACK" || exit 75
fi
if [ -n "${ALERT_MAIL-}" ]; then
    printf '%s\n' "$text" | mail -s "$title" "$ALERT_MAIL" || exit 75
fi
