#!/usr/bin/env pwsh
# Pauses a line while a block of script runs (PowerShell 7):
#   ./pause.ps1 -Url https://box:8444 -Line parking -Do { Take-Payment }
# The token comes from the environment, LINEVAULT_TOKEN. The machine must trust the box's
# certificate. No test runs this example yet: try it with a test line first. The block is not run unless the box confirmed the pause.
param(
    [Parameter(Mandatory)] [string] $Url,
    [Parameter(Mandatory)] [string] $Line,
    [Parameter(Mandatory)] [scriptblock] $Do
)
$ErrorActionPreference = 'Stop'
$ask = @{
    Uri        = "$Url/v1/lines/$Line/pause"
    Headers    = @{ Authorization = "Bearer $env:LINEVAULT_TOKEN" }
    TimeoutSec = 2
}
$body = @{ reason = 'card payment'; max_seconds = 300 } | ConvertTo-Json
$answer = Invoke-RestMethod @ask -Method Put -ContentType 'application/json' -Body $body
"$($answer.state) at $($answer.at)"
try {
    & $Do
} finally {
    $null = Invoke-RestMethod @ask -Method Delete -MaximumRetryCount 5 -RetryIntervalSec 1
}
