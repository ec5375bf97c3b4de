FROM python:3.11-slim AS build
WORKDIR /source
COPY requirements.txt .
RUN python -m venv /opt/muniment \
    && /opt/muniment/bin/pip install --no-cache-dir --require-hashes --requirement requirements.txt
COPY . .
RUN /opt/muniment/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --no-create-home muniment \
    && install --directory --owner=muniment --mode=0700 /data
COPY --from=build /opt/muniment /opt/muniment
ENV PATH=/opt/muniment/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    MUNIMENT_HOME=/data
USER muniment
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["muniment"]
CMD ["serve", "--create", "--host", "0.0.0.0"]
