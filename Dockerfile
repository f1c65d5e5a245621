# syntax=docker/dockerfile:1
# The server: docker build -t tradinglab . && docker run -p 8000:8000 -v tradinglab:/data tradinglab
# As it is, it starts everything in one container; compose.yaml starts the parts apart.

FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /opt/tradinglab
COPY requirements/s3.txt requirements/s3.txt
RUN /opt/tradinglab/bin/pip install --no-cache-dir --no-compile --require-hashes --no-deps --only-binary :all: -r requirements/s3.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/tradinglab/bin/pip install --no-cache-dir --no-compile --no-deps --no-build-isolation . \
    && /opt/tradinglab/bin/python -m compileall -q -j 0 /opt/tradinglab/lib/python3.11/site-packages/tradinglab \
       /opt/tradinglab/lib/python3.11/site-packages/numpy /opt/tradinglab/lib/python3.11/site-packages/pandas

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin tradinglab \
    && install -d -o tradinglab -g tradinglab -m 0700 /data
COPY --from=build /opt/tradinglab /opt/tradinglab
COPY manage.py /opt/tradinglab/manage.py
ENV PATH=/opt/tradinglab/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TRADINGLAB_HOME=/data \
    TRADINGLAB_OPEN=false
USER tradinglab
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["tradinglab", "up", "--host", "0.0.0.0", "--port", "8000"]
