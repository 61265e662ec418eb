# One image for gateway, worker and sandbox; the command decides.
FROM swift:6.3-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        libpq-dev libcurl4-openssl-dev libwebsockets-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift ./
COPY Sources Sources
COPY Migrations Migrations
COPY Tests Tests
COPY docs/schema docs/schema
RUN swift build -c release --product leadwright --static-swift-stdlib \
    && install -D .build/release/leadwright /out/leadwright

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
        libpq5 libcurl4 libwebsockets17 ca-certificates tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home leadwright
COPY --from=build /out/leadwright /usr/local/bin/leadwright
COPY Demo /usr/share/leadwright/demo
USER leadwright
ENTRYPOINT ["leadwright"]
CMD ["--help"]
