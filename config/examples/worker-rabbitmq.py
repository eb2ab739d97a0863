#!/usr/bin/env python3
"""A worker that publishes each event in RabbitMQ (Debian: python3-pika).

    worker: [./worker-rabbitmq.py]
    env: {AMQP_URL: "amqp://guest:guest@localhost:5672/%2F", EXCHANGE: events}

The exchange is a durable topic exchange; the routing key is ROUTE.TYPE ("github.push"). An event is answered once
the broker has confirmed it. It may come twice: its id is the message id.
"""
import json
import os
import sys

import pika

parameters = pika.URLParameters(os.environ.get("AMQP_URL", "amqp://guest:guest@localhost:5672/%2F"))
parameters.heartbeat = 0  # nobody would answer one while this waits for a line
parameters.blocked_connection_timeout = 10
exchange = os.environ.get("EXCHANGE", "events")
channel = None


def open_channel():
    opened = pika.BlockingConnection(parameters).channel()
    opened.exchange_declare(exchange, exchange_type="topic", durable=True)
    opened.confirm_delivery()
    return opened


def publish(event, line):
    channel.basic_publish(
        exchange, f"{event['route']}.{event['event']}", line.rstrip("\n").encode(),
        pika.BasicProperties(content_type="application/json", message_id=event["id"],
                             delivery_mode=2))


for line in sys.stdin:
    event = json.loads(line)
    answer = {"id": event["id"], "ok": True}
    try:
        if not channel or not channel.is_open:
            channel = open_channel()
        publish(event, line)
    except (pika.exceptions.AMQPError, OSError) as error:
        print(f"{event['id']}: {error!r}", file=sys.stderr, flush=True)
        channel = None
        answer = {"id": event["id"], "retry_after": 5}
    print(json.dumps(answer), flush=True)
