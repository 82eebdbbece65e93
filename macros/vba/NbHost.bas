Attribute VB_Name = "NbHost"
' Which program this is, and what to tell the user when it is not Excel.
Option Explicit

Private mTold As Boolean

Public Function HostName() As String
    HostName = Trim(Application.Name & " " & Application.Version)
End Function

' What is to be said once when the add-in has landed in another program; empty in Excel.
Public Function HostNote(ByVal program As String) As String
    If program = "Microsoft Excel" Then Exit Function
    HostNote = "本加载项为 Microsoft Excel 制作，现在运行在“" & program & "”中。" & vbLf & _
        "WPS 中的按钮没有逐项试过：如果没有反应，或者结果与“校验”表不一致，请以“校验”表为准，" & _
        "并请信息技术人员安装 WPS 专用的加载项。" & vbLf & _
        "不用加载项同样可以报送：填好后保存，把文件交给汇总单位即可。"
End Function

Public Function TellHostOnce() As String
    If mTold Then Exit Function
    mTold = True
    TellHostOnce = HostNote(Application.Name)
End Function
