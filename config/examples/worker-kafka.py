#!/usr/bin/env python3
"""A worker that sends each event to a topic of Kafka (Debian: python3-kafka).

    worker: [./worker-kafka.py]
    env: {KAFKA_SERVERS: "localhost:9092", TOPIC: events}

The key of the message is the route, so the events of a route stay in one partition. An event is answered once all
replicas have it. It may come twice: its id is in the header "id".
"""
import json
import os
import sys

from kafka import KafkaProducer
from kafka.errors import KafkaError

servers = os.environ.get("KAFKA_SERVERS", "localhost:9092").split(",")
topic = os.environ.get("TOPIC", "events")
producer = None

for line in sys.stdin:
    event = json.loads(line)
    answer = {"id": event["id"]}
    try:
        producer = producer or KafkaProducer(bootstrap_servers=servers, acks="all", retries=3)
        producer.send(topic, line.rstrip("\n").encode(), key=event["route"].encode(),
                      headers=[("id", event["id"].encode())]).get(timeout=20)
        answer["ok"] = True
    except KafkaError as error:
        print(f"{event['id']}: {error!r}", file=sys.stderr, flush=True)
        answer["retry_after"] = 10
    print(json.dumps(answer), flush=True)
