"""Peers of the gateway, installed from the package registries, for a comparison within one run.

They have fewer duties: neither classifies, decides or keeps a ledger here, and Portkey checks no key. nginx and Caddy,
compiled proxies that decide nothing, are measured too where they are installed: they are limits, not equals.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LITELLM = "litellm[proxy]<1.109.1"  # 1.109.1 names an extra that the registry does not have
PORTKEY = "@portkey-ai/gateway@1.15.2"
KEY = "sk-bench-0123456789"


def install(folder: Path) -> None:
    """Once; a minute or two each."""
    if not (folder / "lite/bin/litellm").exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "lite"], check=True)
        subprocess.run([folder / "lite/bin/pip", "install", "-q", LITELLM], check=True)
    if not (folder / "portkey/node_modules").exists():
        (folder / "portkey").mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", PORTKEY], check=True, cwd=folder / "portkey")


def litellm(folder: Path, port: int, upstream: str) -> list[str]:
    """One worker, settings for production: no debug, no database."""
    config = {
        "model_list": [
            {
                "model_name": "gpt-5",
                "litellm_params": {"model": "openai/gpt-5", "api_base": upstream, "api_key": "sk-x"},
            }
        ],
        "general_settings": {"master_key": KEY},
        "litellm_settings": {"set_verbose": False, "request_timeout": 60},
    }
    path = folder / "litellm.yaml"
    path.write_text(json.dumps(config))  # JSON is YAML
    command = [str(folder / "lite/bin/litellm"), "--config", str(path), "--port", str(port)]
    return [*command, "--host", "127.0.0.1", "--num_workers", "1", "--telemetry", "False"]


def portkey(folder: Path, port: int) -> list[str]:
    server = folder / "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"
    return ["node", str(server), f"--port={port}", "--headless"]


def nginx(folder: Path, port: int, upstream: str) -> list[str]:
    """One worker, kept connections to the upstream."""
    path = folder / "nginx.conf"
    host = upstream.removeprefix("http://").removesuffix("/v1")
    path.write_text(
        f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr crit; events {{ worker_connections 1024; }}"
        f"http {{ access_log off; keepalive_requests 10000000; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;"
        f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;"
        f"upstream up {{ server {host}; keepalive 256; keepalive_requests 10000000; }}"
        f"server {{ listen 127.0.0.1:{port} backlog=2048; location / {{ proxy_pass http://up; proxy_http_version 1.1;"
        f'proxy_set_header Connection ""; proxy_buffering off; }} }} }}'
    )
    return ["nginx", "-c", str(path), "-e", "stderr"]


def caddy(folder: Path, port: int, upstream: str) -> list[str]:
    path = folder / "Caddyfile"
    host = upstream.removeprefix("http://").removesuffix("/v1")
    path.write_text(
        f"{{\nadmin off\nauto_https off\n}}\nhttp://127.0.0.1:{port} {{\nreverse_proxy {host}\n}}\n"
    )
    return ["caddy", "run", "--config", str(path), "--adapter", "caddyfile"]


def portkey_headers(upstream: str) -> list[str]:
    return ["x-portkey-provider: openai", f"x-portkey-custom-host: {upstream}"]
