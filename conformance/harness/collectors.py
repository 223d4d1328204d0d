"""A collector of OpenTelemetry: it keeps the log records and spans that it is sent, and answers as it is told."""

import json

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from harness.receivers import Receiver


def attributes(of):
    """Attributes as a dictionary; each is a text or a number."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in of}


class Log:
    """A log record that has a record of the trail."""

    def __init__(self, log, resource):
        self.log, self.resource = log, resource
        self.attributes = attributes(log.attributes)
        self.record = json.loads(log.body.string_value)

    @property
    def id(self):
        return self.attributes["log.record.uid"]


class Span:
    """A span, with what it is told with."""

    def __init__(self, span, resource):
        self.span, self.resource = span, resource
        self.attributes = attributes(span.attributes)
        self.name = span.name
        self.trace, self.parent = span.trace_id.hex(), span.parent_span_id.hex()


class Collector(Receiver):
    """The collector, at an address of its own, which it keeps while it is closed."""

    def __init__(self, tls=None):
        super().__init__(status=200, tls=tls)

    def open(self):
        super().open()
        self.hangs_up = False

    def close(self):
        """Takes no connection any more, and no request over those that are there."""
        self.hangs_up = True
        super().close()

    @property
    def url(self):
        return super().url.removesuffix("/events")

    def accepted(self, path, kind):
        """The requests of a kind that it said it has."""
        found = []
        for at, headers, body, status in list(self.requests):
            if at == path and status == 200:
                assert headers["content-type"] == "application/x-protobuf", headers
                found.append(kind.FromString(body))
        return found

    @property
    def logs(self):
        return [
            Log(log, attributes(part.resource.attributes))
            for request in self.accepted("/v1/logs", ExportLogsServiceRequest)
            for part in request.resource_logs
            for scope in part.scope_logs
            for log in scope.log_records
        ]

    @property
    def spans(self):
        return [
            Span(span, attributes(part.resource.attributes))
            for request in self.accepted("/v1/traces", ExportTraceServiceRequest)
            for part in request.resource_spans
            for scope in part.scope_spans
            for span in scope.spans
        ]
