# Builds the server and puts it, alone, on a small Debian.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# Such as `otlp,s3`: what only builds that ask for it have.
ARG FEATURES=""
RUN cargo build --locked --release -p trent --features "$FEATURES"

FROM debian:bookworm-slim
RUN useradd --system --home-dir /var/lib/trent --create-home trent \
 && install -d -o trent -g trent -m 0700 /var/lib/trent/data /var/lib/trent/seal
COPY --from=build /src/target/release/trent /usr/local/bin/trent
USER trent
WORKDIR /var/lib/trent
# The data and the seal that unlocks it are two volumes: whoever has both has the keys.
VOLUME ["/var/lib/trent/data", "/var/lib/trent/seal"]
ENV TRENT_LISTEN=0.0.0.0:4599 \
    TRENT_DATA_DIR=/var/lib/trent/data \
    TRENT_SEAL_KEY_FILE=/var/lib/trent/seal/seal.key
# Not loopback, so it needs a certificate (TRENT_TLS_CERTIFICATE, TRENT_TLS_KEY), or TRENT_TLS_ALLOW_PLAIN_HTTP=true where
# something in front ends TLS.
EXPOSE 4599
ENTRYPOINT ["trent"]
CMD ["serve"]
